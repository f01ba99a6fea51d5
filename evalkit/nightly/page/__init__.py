"""The dashboard of a plan as one HTML file that loads nothing: templates, style and charts."""

from evalkit.nightly.page.build import page

__all__ = ["page"]
