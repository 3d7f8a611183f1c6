//! Debian's redis-server as a store.

use batv_store::redis::{Redis, Settings};
pub(crate) use batv_tests::redis::Server;

pub(crate) trait Serves {
    fn settings(&self) -> Settings;

    fn store(&self) -> Redis {
        Redis::new(&self.settings()).unwrap()
    }
}

impl Serves for Server {
    fn settings(&self) -> Settings {
        Settings::new(&self.url()).unwrap()
    }
}
