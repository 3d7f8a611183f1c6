# Steps of a check, for scripts to source. A step that has passed isn't run again until a file changes, so that a check
# that failed or was interrupted goes on where it stopped.
#
#   steps NAME              begins the check of this name
#   step NAME COMMAND…      runs a step, and ends the script when it fails
#   passed NAME, pass NAME  asks whether a step has passed, and says so

# The files of the checkout, what makes the Debian around them among them, and the compiler, in one number.
fingerprint() {
    {
        rustc --version
        if git rev-parse --git-dir >/dev/null 2>&1; then
            git ls-files -z --cached --others --exclude-standard
        else
            find . -name target -prune -o -type f -print0
        fi | sort -z | while IFS= read -r -d '' file; do
            # Git lists those that were removed, too.
            [[ ! -f $file ]] || printf '%s\0' "$file"
        done | xargs -0 sha256sum
    } | sha256sum | cut -c -16
}

steps() {
    stamps=$CARGO_TARGET_DIR/passed/$1
    files=$(fingerprint)
    mkdir -p "$stamps"
}

passed() { [[ -f $stamps/$1 && $(<"$stamps/$1") == "$files" ]]; }
pass() { printf '%s\n' "$files" >"$stamps/$1"; }

step() {
    local name=$1 start=$SECONDS
    shift
    if passed "$name"; then
        printf '\n== %s: has passed, and no file has changed\n' "$name"
        return
    fi
    printf '\n== %s\n' "$name"
    "$@"
    pass "$name"
    printf -- '-- %s: %d s\n' "$name" $((SECONDS - start))
}
