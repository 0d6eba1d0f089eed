"""`motcua city worker`: one of the workers that take the devices' events out of RabbitMQ into PostgreSQL."""

import asyncio

from edge.cli_city import DEFAULT_CONFIG, ConfigOption, load_city_config
from edge.cli_common import BAD_USAGE, fail, refusing


def worker(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Run one worker until it is told to stop. Start as many as there is work for, on as many machines."""
    settings = load_city_config(config)
    if settings.engine is None or settings.city.database != "postgres":
        fail("workers need [engine] and database = 'postgres' in the city's file", as_json=False, code=BAD_USAGE)
    with refusing():
        from edge.adapters.city_engine import opened_worker, run_worker

        with opened_worker(settings) as one:
            asyncio.run(run_worker(one))
