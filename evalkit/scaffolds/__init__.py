"""Scaffolds: the ways in which a model is driven to an answer."""
