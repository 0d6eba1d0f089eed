"""The guide's own line drawings, beside those of the cabinet. Decoration only: the words beside them carry the meaning."""

_PATHS = {
    "ticket": '<path d="M4 6h16v4a2 2 0 0 0 0 4v4H4v-4a2 2 0 0 0 0-4z"/><path d="M14 6v2m0 3v2m0 3v2"/>',
    "progress": '<circle cx="10.5" cy="10.5" r="6.5"/><path d="m15.5 15.5 5 5"/><path d="M10.5 7v3.5l2.5 1.5"/>',
    "papers": '<path d="M6 3h8l4 4v14H6z"/><path d="M9 11h6m-6 4h6m-6-8h3"/>',
    "checklist": '<path d="m4 6 1.5 1.5L8 5m-4 7 1.5 1.5L8 11m-4 7 1.5 1.5L8 17"/><path d="M11.5 6.5H20m-8.5 6H20m-8.5 6H20"/>',
    "counter": '<path d="M3 20v-8h18v8M2 12h20"/><circle cx="12" cy="5.5" r="2.5"/><path d="M8 12c0-2.2 1.8-3.5 4-3.5s4 1.3 4 3.5"/>',
    "hours": '<circle cx="12" cy="12" r="9"/><path d="M12 7v5l3.5 2"/>',
    "directions": '<path d="M12 21s-6.5-6-6.5-11a6.5 6.5 0 0 1 13 0c0 5-6.5 11-6.5 11z"/><circle cx="12" cy="10" r="2.4"/>',
    "hotline": '<path d="M6 3h3l2 5-2.5 1.5a11 11 0 0 0 6 6L16 13l5 2v3a3 3 0 0 1-3 3A15 15 0 0 1 3 6a3 3 0 0 1 3-3z"/>',
    "feedback": '<path d="M4 4h16v12h-9l-5 4v-4H4z"/><path d="M8 8.5h8m-8 3.5h5"/>',
    "person": '<circle cx="12" cy="7.5" r="4"/><path d="M4 21c0-4.5 3.6-7 8-7s8 2.5 8 7"/>',
    "repeat": '<path d="M4 12a8 8 0 0 1 14-5.3L20 9M20 4v5h-5"/><path d="M20 12a8 8 0 0 1-14 5.3L4 15m0 5v-5h5"/>',
    "back": '<path d="M20 12H5m6-6-6 6 6 6"/>',
    "start": '<path d="m3 11 9-7 9 7M6 9.5V20h4.5v-6h3v6H18V9.5"/>',
    "yes": '<path d="m4 12.5 5.2 5.5L20 6.5"/>',
    "no": '<path d="m6 6 12 12M18 6 6 18"/>',
    "ear": '<rect x="9" y="3" width="6" height="11" rx="3"/><path d="M5.5 11.5a6.5 6.5 0 0 0 13 0M12 18v3"/>',
    "mouth": '<path d="M4 9.5v5h3.5L12 18.5v-13L7.5 9.5zM15.5 9a4 4 0 0 1 0 6m2.5-8.5a7.5 7.5 0 0 1 0 11"/>',
    "robot": '<rect x="4" y="8" width="16" height="12" rx="3"/><path d="M12 8V4.5m0 0v-.1M8.7 13v1.5m6.6-1.5v1.5M9.5 17.3h5"/>',
}


def icon(name: str) -> str:
    """A line icon in the colour of the text around it."""
    return (
        '<svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.8" stroke-linecap="round" '
        f'stroke-linejoin="round" aria-hidden="true" focusable="false">{_PATHS[name]}</svg>'
    )
