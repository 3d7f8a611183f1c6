//! The example of the workspace's README, which is that of this crate's.

#[test]
fn the_example_of_the_workspace_is_the_one_that_runs() {
    let (_, example) = include_str!("../../../README.md").split_once("```rust\n").expect("an example");
    let (example, _) = example.split_once("```").expect("its end");
    assert!(include_str!("../../README.md").contains(example), "{example}");
}
