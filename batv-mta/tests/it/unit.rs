//! The shipped units, as systemd judges them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The lower, the less a compromised daemon could do. In tenths.
const MOST_EXPOSED: &str = "15";

fn unit() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../integrations/systemd/batvd.service")
}

/// Five ends in ten seconds are the last ones where the unit doesn't say otherwise (systemd.unit(5)).
#[test]
fn the_service_is_started_again_however_often_it_ends() {
    let unit = fs::read_to_string(unit()).expect("a unit");
    let (before, service) = unit.split_once("[Service]").expect("a service");
    assert!(before.lines().any(|line| line == "StartLimitIntervalSec=0"), "{unit}");
    assert!(service.lines().any(|line| line == "Restart=on-failure"), "{unit}");
    // Without a pause it would be a load by itself.
    assert!(service.lines().any(|line| line == "RestartSec=1"), "{unit}");
}

#[test]
fn the_service_is_hardened() {
    let output = Command::new("systemd-analyze")
        .args(["security", "--offline=true", "--no-pager", "--threshold", MOST_EXPOSED])
        .arg(unit())
        .output()
        .expect("systemd-analyze: scripts/in-debian");
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("Overall exposure level"), "{said}");
}
