#!/bin/bash
set -e
export GIT_AUTHOR_DATE="2024-05-01T10:00:00Z" GIT_COMMITTER_DATE="2024-05-01T10:00:00Z"
git config --system user.name Cook
git config --system user.email cook@kitchen.example
git config --system init.defaultBranch main
git init -q /app/recipes
cd /app/recipes
echo "Flour, water, salt." >bread.txt
git add . && git commit -qm "Add the recipe for bread"
echo "Plums, flour, butter." >plum-cake.txt
git add . && git commit -qm "Add the recipe for plum cake"
git reset -q --hard HEAD~
echo "Peas, water." >soup.txt
git add . && git commit -qm "Add the recipe for soup"
