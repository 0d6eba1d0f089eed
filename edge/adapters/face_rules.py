"""The measured thresholds as the rules of the domain take them. For the book of faces and the guide's camera worker."""

from edge.domain.recognition import RatePoint, RecognitionRules
from models.matching import Matching

ALIKE = 0.30  # pictures of one person at one sitting stay well above; two strangers' rarely reach it


def recognition_rules(matching: Matching) -> RecognitionRules:
    """What was measured, as the rules take it."""
    return RecognitionRules(tuple(RatePoint(one.false_match_rate, one.threshold) for one in matching.points))
