# Programs that pip has, for scripts to source that complete a Debian. They use $lists and $work.

# wheel REQUIREMENT FOLDER : what pip has, unpacked
wheel() {
    printf '%s\n' "$1" >"$work/requirement"
    rm -rf "$work/wheels"
    python3 -m pip --disable-pip-version-check download --quiet --no-deps --only-binary :all: --require-hashes \
        --requirement "$work/requirement" --dest "$work/wheels"
    python3 -m zipfile -e "$work"/wheels/*.whl "$2"
}

# cargo_tools NAME... : subcommands of cargo, into /usr/local/bin
cargo_tools() {
    local tool
    for tool in "$@"; do
        wheel "$(grep "^astral-dev-toolchain-$tool==" "$lists/wheels.txt")" "$work/$tool"
        install -m 755 "$work/$tool"/*.data/scripts/"$tool" "/usr/local/bin/$tool"
    done
}
