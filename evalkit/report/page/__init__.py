"""A report as one HTML file that loads nothing: templates, style and small figures."""

from evalkit.report.page.build import page

__all__ = ["page"]
