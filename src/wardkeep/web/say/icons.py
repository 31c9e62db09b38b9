# SPDX-License-Identifier: Apache-2.0
"""Our own drawings, 16 by 16, one stroke width; colour and stroke come from the style sheet."""

ICONS = {
    "today": '<rect x="2" y="3" width="12" height="11" rx="1.5"/><path d="M2 6.5h12M5.5 1.5v3M10.5 1.5v3"/>',
    "case": '<path d="M2 4.5h4l1.5 2H14v7H2z"/><path d="M5 10h6"/>',
    "intake": '<path d="M2.5 9v4.5h11V9M8 2v7M5 6.2L8 9.2l3-3"/>',
    "run": '<circle cx="8" cy="8" r="6"/><path d="M8 4.5V8l2.5 2"/>',
    "ledger": '<path d="M3 2h8.5L13 3.5V14H3zM5.5 5.5h5M5.5 8h5M5.5 10.5h3"/>',
    "search": '<circle cx="7" cy="7" r="4.5"/><path d="M10.5 10.5L14 14"/>',
    "person": '<circle cx="8" cy="5" r="2.8"/><path d="M2.5 14c.6-3 2.7-4.5 5.5-4.5s4.9 1.5 5.5 4.5"/>',
    "account": '<rect x="2" y="3" width="12" height="10" rx="1.5"/><circle cx="6" cy="7.2" r="1.5"/>'
    '<path d="M3.8 11c.4-1.2 1.2-1.8 2.2-1.8s1.8.6 2.2 1.8M10 6.5h2.5M10 9h2.5"/>',
    "patient": '<path d="M8 13.5S2.5 10.2 2.5 6.3C2.5 4.3 4 3 5.6 3 6.7 3 7.5 3.6 8 4.5 8.5 3.6 9.3 3 10.4 3'
    ' 12 3 13.5 4.3 13.5 6.3 13.5 10.2 8 13.5 8 13.5z"/>',
    "alert": '<path d="M4 11.5V7a4 4 0 0 1 8 0v4.5l1 1.5H3zM6.7 14.5h2.6"/>',
    "shield": '<path d="M8 1.8l5.2 1.9v4c0 3.2-2.1 5.5-5.2 6.6-3.1-1.1-5.2-3.4-5.2-6.6v-4z"/>',
    "proof": '<path d="M8 1.8l5.2 1.9v4c0 3.2-2.1 5.5-5.2 6.6-3.1-1.1-5.2-3.4-5.2-6.6v-4z"/>'
    '<path d="M5.5 8l1.8 1.8L10.7 6.2"/>',
    "found": '<path d="M3 8.5l3.2 3.2L13 4.5"/>',
    "not_found": '<path d="M4 4l8 8M12 4l-8 8"/>',
    "not_available": '<circle cx="8" cy="8" r="6"/><path d="M3.8 12.2l8.4-8.4"/>',
    "warning": '<path d="M8 2.2L14.5 13.5h-13z"/><path d="M8 6.5v3.5M8 11.6v.8"/>',
    "download": '<path d="M8 2v7.5M4.8 6.5L8 9.7l3.2-3.2M2.5 13.5h11"/>',
    "eye": '<path d="M1.5 8S4 3.5 8 3.5 14.5 8 14.5 8 12 12.5 8 12.5 1.5 8 1.5 8z"/><circle cx="8" cy="8" r="1.8"/>',
    "open": '<path d="M6 3.5l4.5 4.5L6 12.5"/>',
    "back": '<path d="M10 3.5L5.5 8l4.5 4.5"/>',
    "out": '<path d="M9.5 2.5h-6v11h6M7 8h7M11.5 5.5L14 8l-2.5 2.5"/>',
    "clock": '<circle cx="8" cy="8" r="6"/><path d="M8 4.5V8h3"/>',
    "language": '<circle cx="8" cy="8" r="6"/><path d="M2 8h12M8 2c2 2 2.6 4 2.6 6S10 12 8 14c-2-2-2.6-4-2.6-6S6 4 8 2z"/>',
    "print": '<path d="M4.5 6V2.5h7V6M4.5 11.5h-2V6h11v5.5h-2"/><path d="M4.5 9.5h7v4h-7z"/>',
    "note": '<path d="M3 2.5h10v8l-3 3H3z"/><path d="M10 13.5v-3h3M5.5 6h5M5.5 8.5h3"/>',
    "assign": '<circle cx="6" cy="5.5" r="2.5"/><path d="M1.5 13.5c.5-2.7 2.2-4 4.5-4s4 1.3 4.5 4M12 5.5v5M9.5 8h5"/>',
    "list": '<path d="M5.5 4h8M5.5 8h8M5.5 12h8M2.5 4h.1M2.5 8h.1M2.5 12h.1"/>',
    "menu": '<path d="M2.5 4.5h11M2.5 8h11M2.5 11.5h11"/>',
}
