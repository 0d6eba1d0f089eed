"""The locker pages' own drawings: line icons, doors, and the receipt's QR. Decoration only: the words beside them carry the meaning."""

_PATHS = {
    "take": '<path d="M4 4h9v16H4z"/><path d="M10 12h11m-4-4 4 4-4 4"/>',
    "give": '<path d="M11 4h9v16h-9z"/><path d="M3 12h11m-4-4 4 4-4 4"/>',
    "help": '<circle cx="12" cy="12" r="9"/><path d="M9.3 9.2a2.8 2.8 0 1 1 3.9 2.9c-.8.4-1.2.9-1.2 1.9"/><path d="M12 17.2v.1"/>',
    "phone": '<rect x="7" y="2.5" width="10" height="19" rx="2"/><path d="M11 18.4h2"/>',
    "scan": '<path d="M4 8V4h4m8 0h4v4m0 8v4h-4m-8 0H4v-4"/><path d="M8 8h3v3H8zm5 0h3v3h-3zm-5 5h3v3H8zm5 0h3v3h-3z"/>',
    "free": '<rect x="4" y="4" width="16" height="16" rx="2"/>',
    "kept": '<path d="M7 3h10v18l-5-4-5 4z"/>',
    "held": '<path d="M6 3h8l4 4v14H6z"/><path d="M9 11h6m-6 4h6"/>',
    "given": '<path d="M4 13v7h16v-7"/><path d="M12 3v12m-4-4 4 4 4-4"/>',
    "busy": '<path d="M5 21V3h9v18"/><path d="m14 5 5 2.5V21l-5-2"/><path d="M11.3 12v1"/>',
    "late": '<circle cx="12" cy="12" r="9"/><path d="M12 7v5l3.5 2"/>',
    "fault": '<path d="M12 3 2.5 20h19z"/><path d="M12 10v4.5m0 2.8v.1"/>',
    "out": '<circle cx="12" cy="12" r="9"/><path d="m5.8 5.8 12.4 12.4"/>',
    "done": '<path d="m4 12.5 5.2 5.5L20 6.5"/>',
    "low": '<circle cx="10" cy="4" r="1.8"/><path d="M10 8v6h6l2.5 5.5"/><path d="M7.5 11.5a5 5 0 1 0 6.6 6.3"/>',
    "any": '<rect x="4" y="3" width="16" height="18" rx="1.5"/><path d="M4 9h16M4 15h16M12 3v18"/>',
}


def icon(name: str) -> str:
    """A line icon in the colour of the text around it."""
    return (
        '<svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.9" stroke-linecap="round" '
        f'stroke-linejoin="round" aria-hidden="true" focusable="false">{_PATHS[name]}</svg>'
    )


def qr_svg(text: str, label: str) -> str:
    """`text` as a QR of four quiet modules around; `label` is for the screen reader and must be escaped already."""
    import qrcode  # noqa: PLC0415 - it loads an image library, which an agent without a deposit never needs

    code = qrcode.QRCode(border=4, error_correction=qrcode.ERROR_CORRECT_M)
    code.add_data(text)
    rows = code.get_matrix()
    dark = "".join(f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, is_dark in enumerate(row) if is_dark)
    return (
        f'<svg viewBox="0 0 {len(rows)} {len(rows)}" role="img" aria-label="{label}" shape-rendering="crispEdges">'
        f'<rect width="100%" height="100%" fill="#fff"/><path d="{dark}" fill="#000"/></svg>'
    )
