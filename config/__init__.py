"""Configuration: schema, loading, strings. Used by edge.app and edge.cli; imports none of the other packages."""
