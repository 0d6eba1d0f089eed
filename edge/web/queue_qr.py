"""The QR of a ticket, drawn as SVG."""


def qr_svg(text: str, label: str) -> str:
    """`text` with four quiet modules around; `label` is for the screen reader and must be escaped already."""
    import qrcode  # noqa: PLC0415 - it loads an image library, which an agent without a queue never needs

    code = qrcode.QRCode(border=4, error_correction=qrcode.ERROR_CORRECT_M)
    code.add_data(text)
    rows = code.get_matrix()
    dark = "".join(f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, is_dark in enumerate(row) if is_dark)
    return (
        f'<svg viewBox="0 0 {len(rows)} {len(rows)}" role="img" aria-label="{label}" shape-rendering="crispEdges">'
        f'<rect width="100%" height="100%" fill="#fff"/><path d="{dark}" fill="#000"/></svg>'
    )
