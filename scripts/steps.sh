# Steps of a check, for scripts to source. A step that has passed isn't run again until a file changes, so that a check
# that failed or was interrupted resumes where it stopped.
#
#   checkout_tar OPTION…    prints the files of this checkout as a tarball
#   steps NAME              begins the check of this name
#   step NAME COMMAND…      runs a step, and ends the script when it fails
#   alone NAME              waits while another run of the check does this
#   passed NAME, pass NAME  asks whether a step has passed, and says so

checkout_tar() {
    # A tarball may lie in a repository of something else.
    if git ls-files --error-unmatch scripts/steps.sh >/dev/null 2>&1; then
        git ls-files -z --cached --others --exclude-standard
    else
        find . \( -name target -o -name .git \) -prune -o ! -type d -print0
    fi | sort -z | while IFS= read -r -d '' file; do
        # Git lists those that were removed, too.
        [[ ! -f $file && ! -L $file ]] || printf '%s\0' "$file"
    done | tar --null --verbatim-files-from --files-from=- --create "$@"
}

# The files of the checkout, what makes the Debian around them among them, the compiler, and what is set for it and for
# the tests, in one number.
fingerprint() {
    {
        rustc --version
        env | sed -nE '/^(CARGO_(BUILD|ENCODED|PROFILE)|NEXTEST|PROPTEST|RUST(C|DOC)?)_?[A-Z_]*=/p' | sort
        checkout_tar --mtime=@0 --owner=0 --group=0
    } | sha256sum | cut -c -16
}

steps() {
    stamps=$CARGO_TARGET_DIR/passed/$1
    files=$(fingerprint)
    mkdir -p "$stamps"
}

# Waits while another run does the same.
alone() {
    exec 8>"$stamps/$1.lock"
    flock 8
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
