# Where the links of the manual lead in the package.
s,(\.\./\.\./integrations/systemd/,(/lib/systemd/system/,g
s,(\.\./\.\./integrations,(../examples,g
s,(\.\./\.\./batv-mta/batvd\.toml),(../examples/batvd.toml),g
s,(\.\./\.\./batv-mta/src/listen/line\.rs),(https://docs.rs/crate/batv-mta/latest/source/src/listen/line.rs),g
s,(\.\./\.\./batv-ffi/include/,(/usr/include/,g
s,(\.\./\.\./batv-ffi/examples/,(/usr/share/doc/libbatv-dev/examples/,g
s,(\.\./\.\./\(batv-[a-z]*\)),(https://docs.rs/\1),g
s,(\.\./\.\./SECURITY\.md),(../SECURITY.md),g
s,(\.\./\.\.),(../README.md.gz),g
