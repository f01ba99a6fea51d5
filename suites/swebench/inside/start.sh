# Leaves of the repository in this folder what leads to HEAD, and says on its last line "fit COMMIT-OR-TREE" or
# "unfit WHY". $1: the base commit. Nothing of the repository's configuration is obeyed that could run a
# program or hide an object.
set -u
exec 2>&1
g() {
    git -c core.hooksPath=/dev/null -c core.fsmonitor=false -c core.commitGraph=false -c gc.auto=0 \
        -c maintenance.auto=false -c core.logAllRefUpdates=false -c core.alternateRefsCommand=true \
        -c core.multiPackIndex=false -c repack.writeBitmaps=false -c pack.useBitmaps=false \
        -c log.showSignature=false -c advice.graftFileDeprecated=false "$@"
}
unfit() { rm -rf "${work:-}"; printf '\nunfit %s\n' "$*"; exit 3; }

# -- whose repository it is ------------------------------------------------------------------------
top=$(g rev-parse --show-toplevel) || unfit 'no git repository'
[ "$(cd "$top" && pwd -P)" = "$(pwd -P)" ] || unfit "the repository's root is $top"
dir=$(g rev-parse --absolute-git-dir) || unfit 'no git repository'
common=$(cd "$(g rev-parse --git-common-dir)" && pwd -P)
[ "$(cd "$dir" && pwd -P)" = "$common" ] || unfit 'a work tree of another repository'

# -- what HEAD is ----------------------------------------------------------------------------------
head=$(g rev-parse --verify -q 'HEAD^{commit}') || unfit 'no commit'
g merge-base --is-ancestor "$1" "$head" || unfit "the base commit $1 is not in the history of HEAD"
above=$(g rev-list --count "$1..$head") || unfit 'git rev-list fails'
if [ "$above" != 0 ]; then
    # the images' own commit, of edits before the installation
    subject=$(g log -1 --format=%s "$head")
    [ "$above" = 1 ] && [ "$subject" = SWE-bench ] || unfit "$above commits above the base commit: $subject"
fi

# -- names of other commits ------------------------------------------------------------------------
work=$dir/evalkit-start
rm -rf "$work" && mkdir "$work" || unfit 'its folder cannot be written'
g worktree list --porcelain | sed -n 's/^worktree //p' | while IFS= read -r other; do
    [ "$(cd "$other" 2>/dev/null && pwd -P)" = "$(pwd -P)" ] || rm -rf "$other"
done
rm -rf "$dir/worktrees" "$dir/logs" "$dir/rr-cache" "$dir/lost-found" "$dir/remotes" "$dir/branches" \
    "$dir/rebase-merge" "$dir/rebase-apply" "$dir/sequencer" "$dir/info/grafts"
rm -f "$dir"/*_HEAD "$dir/AUTO_MERGE" "$dir/MERGE_RR" "$dir/BISECT_LOG"
g remote | while IFS= read -r remote; do g config --remove-section "remote.$remote"; done
[ -z "$(g remote)" ] || unfit 'a remote that is not in its own configuration'
{
    g symbolic-ref -q HEAD
    g for-each-ref --merged="$head" --format='%(refname)' refs/tags
} | sort >"$work/kept"
g for-each-ref --format='%(refname)' >"$work/all" || unfit 'git for-each-ref fails'
sort "$work/all" | comm -23 - "$work/kept" | sed 's/^/delete /' >"$work/gone"
[ ! -s "$work/gone" ] || g update-ref --no-deref --stdin <"$work/gone" || unfit 'references cannot be deleted'

# -- objects that nothing names --------------------------------------------------------------------
unnamed() {
    g cat-file --batch-all-objects --batch-check='%(objectname)' >"$work/all" || return 1
    g rev-list --objects "$head" --tags >"$work/named" || return 1
    cut -d' ' -f1 "$work/named" | sort -u >"$work/kept"
    sort -u "$work/all" | comm -23 - "$work/kept" >"$work/gone"
}
unnamed || unfit 'its objects cannot be listed'
if [ -s "$work/gone" ]; then
    g count-objects -v | sed -n 's/^alternate: //p' >"$work/borrowed"
    rm -f "$dir"/objects/pack/*.keep "$dir"/objects/pack/*.promisor
    g reset -q || unfit 'the index cannot be set back'
    g repack -a -d -q || unfit 'it cannot be packed anew'
    rm -f "$dir/objects/info/alternates" "$dir/objects/pack/multi-pack-index"
    rm -rf "$dir/objects/info/commit-graph" "$dir/objects/info/commit-graphs"
    while IFS= read -r store; do
        case $store in */objects) rm -rf "$store" ;; esac
    done <"$work/borrowed"
    g prune --expire=now || unfit 'it cannot be pruned'
    unnamed || unfit 'its objects cannot be listed'
    [ ! -s "$work/gone" ] || unfit "$(wc -l <"$work/gone") objects that do not lead to HEAD"
fi

# -- what stands there -----------------------------------------------------------------------------
start=$head
if [ -n "$(g status --porcelain --untracked-files=normal)" ]; then
    cp "$dir/index" "$work/index" || unfit 'no index'
    start=$(
        export GIT_INDEX_FILE="$work/index"
        g add -A && g write-tree
    ) || unfit 'what stands there cannot be written down'
fi
rm -rf "$work"
printf '\nfit %s\n' "$start"
