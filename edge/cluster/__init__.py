"""The city's real engine on one machine: three RabbitMQ nodes and PostgreSQL on 127.0.0.1. `scripts/cluster`, campaigns, tests."""
