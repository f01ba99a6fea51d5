import os


def test_the_shell_is_in_the_attic():
    assert os.getcwd() == "/app/attic"


def test_the_lamp_is_lit():
    assert os.environ.get("LAMP") == "lit"
