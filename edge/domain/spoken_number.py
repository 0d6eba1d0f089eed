"""How a ticket's number and a counter's are said in Vietnamese: the guide's voice, the hall's board.

A ticket is spelled digit by digit, because that is how people look for it on their paper; a counter is counted.
"""

DIGITS = ("không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín")
_LARGEST = 999


def spelled(label: str) -> str:
    """`A012` is "A không một hai". Letters stay as they are: a Vietnamese voice reads them."""
    return " ".join(DIGITS[int(sign)] if sign in "0123456789" else sign for sign in label if not sign.isspace())


def counted(number: int) -> str:
    """`3` is "ba", `15` "mười lăm", `21` "hai mươi mốt", `105` "một trăm lẻ năm". Raise ValueError outside 0 to 999."""
    if not 0 <= number <= _LARGEST:
        msg = f"{number}: numbers are said from 0 to {_LARGEST}"
        raise ValueError(msg)
    hundreds, rest = divmod(number, 100)
    if not hundreds:
        return _below_hundred(rest)
    if not rest:
        return f"{DIGITS[hundreds]} trăm"
    return f"{DIGITS[hundreds]} trăm " + (f"lẻ {DIGITS[rest]}" if rest < 10 else _below_hundred(rest))


def _below_hundred(number: int) -> str:
    tens, ones = divmod(number, 10)
    if not tens:
        return DIGITS[ones]
    said = "mười" if tens == 1 else f"{DIGITS[tens]} mươi"
    return f"{said} {_ones(tens, ones)}" if ones else said


def _ones(tens: int, ones: int) -> str:
    """Behind "mươi" one is "mốt" and four "tư"; behind any ten, five is "lăm"."""
    if ones == 5:
        return "lăm"
    return {1: "mốt", 4: "tư"}.get(ones, DIGITS[ones]) if tens > 1 else DIGITS[ones]
