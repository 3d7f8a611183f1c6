//! The shipped units, as systemd judges them.

use std::path::Path;
use std::process::Command;

/// The lower, the less a compromised daemon could do. In tenths.
const MOST_EXPOSED: &str = "15";

#[test]
fn the_service_is_hardened() {
    let unit = Path::new(env!("CARGO_MANIFEST_DIR")).join("../integrations/systemd/batvd.service");
    let output = Command::new("systemd-analyze")
        .args(["security", "--offline=true", "--no-pager", "--threshold", MOST_EXPOSED])
        .arg(unit)
        .output()
        .expect("systemd-analyze: scripts/install-tools");
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("Overall exposure level"), "{said}");
}
