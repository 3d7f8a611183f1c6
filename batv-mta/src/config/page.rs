//! The section `page`.

use std::path::PathBuf;

use batv_config::site::text;
use serde::{Deserialize, Deserializer};

use crate::config::store::state_folder;

/// Page of the rollout.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Page {
    /// Name of this host on the page.
    pub name: String,
    /// Whether other hosts may read the page.
    pub remote: bool,
    /// Days after which the page reminds to replace a signing key; 0 for never.
    pub rotate_days: u16,
    /// File that keeps the figures over a restart, or `none`. The default is a file in the folder that systemd provides
    /// (`StateDirectory=`), if there is one.
    #[serde(deserialize_with = "file_or_none")]
    figures: Option<PathBuf>,
}

impl Page {
    /// File that keeps the figures over a restart.
    ///
    /// ```
    /// use batv_mta::config::Config;
    ///
    /// let config = Config::parse("page.figures = '/var/lib/batv/figures.json'")?;
    /// assert!(config.page.figures().is_some());
    /// assert!(Config::parse("page.figures = 'none'")?.page.figures().is_none());
    /// assert!(Config::parse("page.figures = 'figures.json'").is_err());
    /// # Ok::<(), batv_mta::config::Fault>(())
    /// ```
    pub fn figures(&self) -> Option<PathBuf> {
        match &self.figures {
            Some(path) => Some(path.clone()).filter(|path| path.is_absolute()),
            None => state_folder().map(|folder| folder.join("figures.json")),
        }
    }
}

impl Default for Page {
    fn default() -> Self {
        Self { name: String::new(), remote: false, rotate_days: 180, figures: None }
    }
}

fn file_or_none<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<PathBuf>, D::Error> {
    text::read(deserializer, |text| match text {
        _ if text == "none" || text.starts_with('/') => Ok(Some(text.into())),
        _ => Err(format!("`{text}`: a file is `/path`, or `none`")),
    })
}
