"""The two networks of faces, as the command line finds them."""

from typing import TYPE_CHECKING

from edge.adapters.vision_spec import LANDMARKER
from edge.cli_models import located

if TYPE_CHECKING:
    from edge.adapters.faces_pictures import Networks

NETWORK = "face_recognition_sface_2021dec_int8bq.onnx"


def networks(*, as_json: bool) -> "Networks":
    """Exit with the command that pulls them when they are not here."""
    from edge.adapters.faces_pictures import Networks

    return Networks(located(LANDMARKER, as_json=as_json), located(NETWORK, as_json=as_json))
