//! Exim's `${prvs}` and `${prvscheck}` and us, in both directions.
