"""What is on the screen before the page is: its own outline in grey, in the right theme, instead of a spinner.

The template extends panel-material-ui's; only its loader is replaced. It is plain HTML and CSS, there with the first
byte, and goes away once the page has been drawn.
"""

from __future__ import annotations

from typing import Final

__all__ = ["TEMPLATE"]

TEMPLATE: Final = """{% extends "base.html" %}
{% block loader_css %}
#loader { position: fixed; inset: 0; z-index: 9999; display: block; padding: 0;
  background: {{ "#11151a" if theme_name == "dark" else "#ffffff" }}; --bone: {{ "#1d242c" if theme_name == "dark" else "#eef0f3" }}; }
#loader .bar { height: 48px; border-bottom: 1px solid var(--bone); display: flex; gap: 14px; align-items: center; padding: 0 16px; }
#loader .bone { background: var(--bone); border-radius: 6px; animation: breathe 1.6s ease-in-out infinite; }
#loader .bar .bone { height: 20px; width: 74px; }
#loader .body { display: grid; gap: 12px; padding: 14px 16px; height: calc(100vh - 116px); grid-template-rows: 3fr 1fr 3fr 1fr; }
#loader.error .bone { animation: none; opacity: .4; }
.spinner { display: none; }
#loader-error { display: none; position: absolute; left: 50%; top: 40%; transform: translateX(-50%); font: 15px/1.5 system-ui, sans-serif;
  color: {{ "#e3e7ec" if theme_name == "dark" else "#1b2027" }}; background: {{ "#1d242c" if theme_name == "dark" else "#ffffff" }};
  border: 1px solid #d9531e; border-radius: 8px; padding: 12px 18px; text-align: center; max-width: 80vw; }
@keyframes breathe { 50% { opacity: .55; } }
@media (prefers-reduced-motion: reduce) { #loader .bone { animation: none; } }
{% endblock %}
{% block loader %}
<div id="loader" style="display: block;" aria-busy="true">
  <div class="bar"><div class="bone"></div><div class="bone"></div><div class="bone"></div><div class="bone"></div></div>
  <div class="body"><div class="bone"></div><div class="bone"></div><div class="bone"></div><div class="bone"></div></div>
  <div class="spinner"></div>
  <div id="loader-error" role="alert"></div>
</div>
{% endblock %}
"""
