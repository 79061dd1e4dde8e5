"""A small world of drawn, captioned scenes and a model that understands them: for tests and for trying it out."""
