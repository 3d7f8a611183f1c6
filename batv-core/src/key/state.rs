//! States of a key.

crate::names! {
    /// State of a key: whether it signs, verifies, or does neither.
    ///
    /// ```
    /// use batv_core::KeyState;
    ///
    /// assert_eq!("verifying".parse(), Ok(KeyState::Verifying));
    /// ```
    #[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
    #[non_exhaustive]
    pub enum KeyState {
        /// Signs and verifies.
        #[default]
        Signing = "signing",
        /// Verifies only: a new key that not every host has yet, or an old one whose tags still live.
        Verifying = "verifying",
        /// Does nothing, but keeps its id from being given out again.
        Retired = "retired",
    }
}
