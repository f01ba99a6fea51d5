import subprocess


def git(*words):
    done = subprocess.run(["git", "-C", "/app/recipes", *words], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_commit_is_rescued():
    assert (
        git("log", "-1", "--format=%s %cI", "rescued")
        == "Add the recipe for plum cake 2024-05-01T10:00:00+00:00"
    )
    assert git("show", "rescued:plum-cake.txt") == "Plums, flour, butter."


def test_main_is_as_it_was():
    assert git("log", "--format=%s", "main").splitlines() == [
        "Add the recipe for soup",
        "Add the recipe for bread",
    ]
