"""The frame around the blocks: type scale, links, dark mode, phone sizes."""

from __future__ import annotations

from sincerely.apps.content.rules.blocks.rich import escape
from sincerely.apps.content.rules.look import BrandLook, mix

DARK_PAPER, DARK_GROUND, DARK_INK, DARK_QUIET = "#1f2523", "#141817", "#ecebe6", "#a9b0ad"


def frame(body: str, look: BrandLook, *, language: str, title: str) -> str:
    """Return the MJML document around the drawn blocks."""
    return f"""<mjml lang="{escape(language)}">
<mj-head>
<mj-title>{escape(title)}</mj-title>
<mj-raw><meta name="color-scheme" content="light dark" /></mj-raw>
<mj-raw><meta name="supported-color-schemes" content="light dark" /></mj-raw>
<mj-attributes>
<mj-all font-family="{escape(look.body_font)}" />
<mj-text font-size="16px" line-height="1.6" color="{look.ink}" />
<mj-button font-size="16px" font-weight="bold" border-radius="6px" inner-padding="12px 26px" />
<mj-section padding="0" />
</mj-attributes>
<mj-style>{_light(look)}</mj-style>
<mj-style>{_dark(look)}</mj-style>
<mj-style>{PHONE}</mj-style>
</mj-head>
<mj-body background-color="{look.ground}" width="600px" css-class="ground">
{body}
</mj-body>
</mjml>"""


def _light(look: BrandLook) -> str:
    quiet = mix(look.ink, "#ffffff", 0.72)
    heading = f"font-family:{_css(look.heading_font)};font-weight:bold;color:{look.ink}"
    return f"""
.rich p {{ margin:0 0 14px; }}
.rich h1 {{ {heading}; font-size:32px; line-height:1.2; margin:4px 0 14px; }}
.rich h2 {{ {heading}; font-size:24px; line-height:1.25; margin:4px 0 10px; }}
.rich h3 {{ {heading}; font-size:19px; line-height:1.3; margin:0 0 6px; }}
.rich ul, .rich ol {{ margin:0 0 14px; padding-left:22px; }}
.rich li {{ margin:0 0 6px; }}
.rich blockquote {{ margin:0 0 14px; padding:2px 0 2px 16px; border-left:3px solid {look.accent}; }}
.rich a {{ color:{look.link}; text-decoration:underline; }}
.rich .price {{ font-weight:bold; font-size:18px; color:{look.link}; }}
.brand p {{ {heading}; font-size:24px; line-height:1.2; margin:0; }}
.quiet p {{ font-size:14px; color:{quiet}; margin:6px 0 0; }}
.social p {{ font-size:15px; margin:0; }}
.social a {{ color:{look.link}; text-decoration:none; font-weight:bold; }}
.foot p {{ margin:0 0 8px; font-size:13px; line-height:1.6; color:{quiet}; }}
.foot a {{ color:{quiet}; text-decoration:underline; }}
"""


def _dark(look: BrandLook) -> str:
    link = mix(look.accent, "#ffffff", 0.45)
    panel = mix(look.accent, DARK_PAPER, 0.22)
    return f"""
@media (prefers-color-scheme: dark) {{
body, .ground, .ground > table, .ground td {{ background-color:{DARK_GROUND} !important; }}
.paper, .paper > table, .paper td {{ background-color:{DARK_PAPER} !important; }}
.tint, .tint > table, .tint td {{ background-color:{panel} !important; }}
.rich div, .rich p, .rich li, .rich h1, .rich h2, .rich h3, .rich blockquote, .brand p
{{ color:{DARK_INK} !important; }}
.quiet p, .foot p, .foot a {{ color:{DARK_QUIET} !important; }}
.rich a, .social a, .rich .price {{ color:{link} !important; }}
.role-action td, .role-confirm td {{ background-color:{look.accent} !important; }}
.role-content td, .role-content a {{ background-color:transparent !important; }}
.role-content a {{ color:{link} !important; }}
}}
"""


PHONE = """
@media only screen and (max-width:480px) {
.rich h1 { font-size:27px !important; }
.rich h2 { font-size:22px !important; }
}
"""


def _css(value: str) -> str:
    """Return a font list that cannot leave its declaration."""
    return "".join(char for char in value if char.isalnum() or char in " ,'-").strip() or "serif"
