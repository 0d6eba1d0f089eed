"""Pickup codes: RFC 4226, attempts and back-off; what is at rest."""

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.domain.code_check import CodeRules, Judgement, Keypad, StoredCode, Verdict, judge, restored, wait_s
from edge.domain.pickup_code import NotAPickupCode, PickupCode, derived, digest, drawn, hotp

KEY = b"k" * 32
RULES = CodeRules()
RIGHT, WRONG = PickupCode("123456"), PickupCode("654321")
STORED = StoredCode("s1", 1, digest(KEY, "s1", RIGHT))
RFC_4226 = ("755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489")
RFC_6238_8 = {1: "94287082", 37037036: "07081804", 37037037: "14050471", 41152263: "89005924", 66666666: "69279037"}


@pytest.mark.parametrize(("counter", "code"), list(enumerate(RFC_4226)))
def test_the_vectors_of_rfc_4226(counter: int, code: str) -> None:
    assert code == hotp(b"12345678901234567890", counter, 6)


@pytest.mark.parametrize(("counter", "code"), RFC_6238_8.items())
def test_the_vectors_of_rfc_6238_with_eight_digits(counter: int, code: str) -> None:
    assert code == hotp(b"12345678901234567890", counter, 8)


def test_a_derived_code_comes_again_and_its_reissue_does_not() -> None:
    secret = b"s" * 32

    assert derived(secret, "s1", 1) == derived(secret, "s1", 1)
    assert len({derived(secret, stay, number, 8) for stay in ("s1", "s2") for number in range(1, 50)}) == 98


def test_drawn_codes_keep_their_zeros() -> None:
    assert PickupCode("000007") == drawn(lambda bound: 7 % bound)
    assert {8} == {len(drawn(random.Random(seed).randrange, 8).reveal()) for seed in range(100)}


@pytest.mark.parametrize("text", ["123456", "123 456", " 123-456 ", "12.34.56"])
def test_a_code_typed_in_groups(text: str) -> None:
    assert PickupCode.parse(text) == RIGHT


@pytest.mark.parametrize("text", ["", "12345", "1234567", "12345a", "١٢٣٤٥٦", "123456789"])
def test_what_is_no_code(text: str) -> None:
    with pytest.raises(NotAPickupCode) as caught:
        PickupCode.parse(text)
    assert not text or text not in str(caught.value)


def test_a_code_does_not_leak() -> None:
    assert not [shown for shown in (str(RIGHT), repr(RIGHT), f"{RIGHT}") if "123456" in shown]


@given(st.integers(0, 999_999), st.sampled_from(["s1", "s2"]))
def test_a_digest_is_of_one_code_at_one_stay(number: int, stay: str) -> None:
    code = PickupCode(f"{number:06d}")

    assert (digest(KEY, stay, code) == STORED.digest) is ((stay, code) == ("s1", RIGHT))
    assert code.reveal().encode() not in digest(KEY, stay, code)


def asked(typed: PickupCode, *codes: StoredCode, keypad: Keypad = Keypad(), now_s: float = 0.0) -> Judgement:  # noqa: B008 - frozen
    return judge(KEY, keypad, codes, typed, now_s=now_s, rules=RULES)


def test_right() -> None:
    found = asked(RIGHT, replace(STORED, wrong=3), keypad=Keypad(wrong=4))

    assert (Verdict.RIGHT, "s1", Keypad(), (STORED,)) == (found.verdict, found.stay, found.keypad, found.codes)


def test_unknown_and_wrong_get_the_same_answer() -> None:
    unknown, wrong = asked(WRONG), asked(WRONG, STORED)

    assert (unknown.verdict, unknown.keypad, unknown.wait_s) == (wrong.verdict, wrong.keypad, wrong.wait_s)
    assert (Verdict.WRONG, Keypad(wrong=1), None) == (wrong.verdict, wrong.keypad, wrong.wait_s)


def test_unknown_and_wrong_cost_the_same_work(monkeypatch: pytest.MonkeyPatch) -> None:
    asked_for: list[str] = []

    def counted(key: bytes, stay: str, code: PickupCode) -> bytes:
        asked_for.append(stay)
        return digest(key, stay, code)

    monkeypatch.setattr("edge.domain.code_check.digest", counted)
    asked(WRONG)
    asked(WRONG, STORED)
    assert asked_for == ["-", "s1"]


def test_a_code_of_another_stay_opens_nothing() -> None:
    assert Verdict.WRONG is asked(RIGHT, StoredCode("s2", 1, STORED.digest)).verdict


def test_the_tenth_wrong_code_kills_and_only_its_owner_is_told() -> None:
    code = STORED
    for _ in range(RULES.dead_after):
        assert not code.is_dead
        (code,) = asked(WRONG, code).codes

    assert (RULES.dead_after, True) == (code.wrong, code.is_dead)
    assert Verdict.WRONG is asked(WRONG, code).verdict
    assert Verdict.DEAD is asked(RIGHT, code).verdict


def test_a_phone_tail_of_several_people_opens_only_whose_code_it_is() -> None:
    other = StoredCode("s2", 4, digest(KEY, "s2", WRONG), wrong=2)

    assert asked(RIGHT, STORED, other).stay == "s1"
    assert asked(WRONG, STORED, other).stay == "s2"
    missed = asked(PickupCode("111111"), STORED, other)
    assert (missed.stay, [code.wrong for code in missed.codes]) == (None, [1, 3])


def test_one_code_that_fits_two_stays_opens_neither() -> None:
    found = asked(RIGHT, STORED, StoredCode("s2", 1, digest(KEY, "s2", RIGHT)))

    assert (found.verdict, found.codes) == (Verdict.WRONG, ())


@pytest.mark.parametrize(
    ("wrong", "wait"), [(0, 0), (4, 0), (5, 60), (6, 120), (7, 240), (8, 480), (9, 900), (10, 900), (10**9, 900)]
)
def test_the_wait_doubles_and_ends(wrong: int, wait: float) -> None:
    assert wait == wait_s(wrong, RULES)


def test_a_keypad_waits_and_then_serves() -> None:
    waiting = asked(WRONG, STORED, keypad=Keypad(wrong=4), now_s=1_000.0).keypad

    assert Keypad(wrong=5, until_s=1_060.0) == waiting
    too_soon = asked(RIGHT, STORED, keypad=waiting, now_s=1_059.0)
    assert (Verdict.WAITING, 1.0, waiting, ()) == (too_soon.verdict, too_soon.wait_s, too_soon.keypad, too_soon.codes)
    assert Verdict.RIGHT is asked(RIGHT, STORED, keypad=waiting, now_s=1_060.0).verdict


@given(st.integers(0, 10**6), st.floats(0, 1e9))
def test_a_restart_neither_shortens_a_wait_nor_locks_for_ever(wrong: int, now_s: float) -> None:
    keypad = restored(wrong, now_s, RULES)

    assert wait_s(wrong, RULES) <= keypad.until_s - now_s + 1e-6
    assert keypad.until_s - now_s <= RULES.max_wait_s + 1e-6


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 300)), max_size=60))
def test_a_guesser_has_few_tries(steps: list[tuple[bool, float]]) -> None:
    """However the tries fall: on one dossier ten, at one keypad five and then one a wait."""
    keypad, code, now_s, judged = Keypad(), STORED, 0.0, 0
    for _, pause_s in steps:
        now_s += pause_s
        found = asked(WRONG, code, keypad=keypad, now_s=now_s)
        judged += found.verdict is not Verdict.WAITING
        keypad, code = found.keypad, next(iter(found.codes), code)

    assert judged <= RULES.free_attempts + now_s / RULES.first_wait_s
    assert code.is_dead is (judged >= RULES.dead_after)
