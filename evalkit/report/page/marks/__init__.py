"""Small figures as SVG text. They take their colours from the page's CSS variables, so that they follow its
theme and its print; a model has one colour and one shape in all of them."""
