#![cfg_attr(fuzzing, no_main)]
//! Any octets: what is read prints as what reads the same, and a slow reading by the grammar agrees. So does what is read in
//! another spelling.

use batv_tests::invariants;

batv_fuzz::fuzz!(|data| {
    invariants::path(data);
    invariants::spelling(data);
});
