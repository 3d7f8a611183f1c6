//! Keyrings: handles to keys that many threads share while one of them may reload them.

use alloc::sync::Arc;
use core::ffi::{CStr, c_char};
use std::path::PathBuf;

use arc_swap::{ArcSwap, Guard};
use batv_config::{Keyring, Permissions};
use batv_core::{KeyId, KeyUse, Lifetime};

use crate::boundary::{call, from_c};
use crate::code::{batv_algorithm, batv_permissions, batv_result, batv_use};
use crate::failure::Failure;
use crate::text::batv_text;

/// Keys. Many threads may use a keyring at the same time, while another reloads it.
#[derive(Debug)]
pub struct batv_keyring {
    keys: ArcSwap<Keyring>,
    file: Option<(PathBuf, Permissions)>,
}

impl batv_keyring {
    fn new(keyring: Keyring, file: Option<(PathBuf, Permissions)>) -> *mut Self {
        Box::into_raw(Box::new(Self { keys: ArcSwap::from_pointee(keyring), file }))
    }

    /// The keys of this moment. They live on while they are used, whatever is loaded meanwhile.
    #[inline]
    pub(crate) fn keys(&self) -> Guard<Arc<Keyring>> {
        self.keys.load()
    }
}

fn parse(text: &[u8]) -> Result<Keyring, Failure> {
    let text = str::from_utf8(text).map_err(|_| Failure::Argument("`text` is not UTF-8, as a keyring is"))?;
    Ok(Keyring::parse(text)?)
}

#[cfg(unix)]
fn path_of(path: &CStr) -> Result<PathBuf, Failure> {
    use std::os::unix::ffi::OsStrExt;

    Ok(std::ffi::OsStr::from_bytes(path.to_bytes()).into())
}

#[cfg(not(unix))]
fn path_of(path: &CStr) -> Result<PathBuf, Failure> {
    path.to_str().map(PathBuf::from).map_err(|_| Failure::Argument("`path` is not UTF-8"))
}

/// Reads a keyring file (TOML, see the README; `batv key new` makes one).
///
/// - `path`: the file, up to a NUL.
/// - `permissions`: a `batv_permissions`, or 0 for a file that only its owner can read.
/// - `keyring`: gets the keyring, for the caller to free with `batv_keyring_free`; NULL on any error.
///
/// Errors: `BATV_RESULT_IO`; `BATV_RESULT_PERMISSIONS`; `BATV_RESULT_KEYRING` for a file that is wrong, where
/// `batv_error_message` tells line and column; `BATV_RESULT_NULL_POINTER`; `BATV_RESULT_BAD_ARGUMENT`.
/// Threads: any.
///
/// ```c
/// batv_keyring *from_file;
/// if (batv_keyring_new_from_file("/etc/batv/keyring.toml", 0, &from_file) == BATV_RESULT_OK) {
///     // sign and verify
///     batv_keyring_free(from_file);
/// }
/// ```
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batv_keyring_new_from_file(
    path: *const c_char,
    permissions: u32,
    keyring: *mut *mut batv_keyring,
) -> batv_result {
    call(|| {
        let keyring = from_c!(plain answer keyring)?;
        let path = path_of(from_c!(string path)?)?;
        let permissions = batv_permissions::read(permissions, "permissions")?;
        let loaded = Keyring::load(&path, permissions)?;
        keyring.put(batv_keyring::new(loaded, Some((path, permissions))));
        Ok(())
    })
}

/// Reads a keyring from memory.
///
/// - `text`: TOML as in a keyring file. The caller may wipe it afterwards.
/// - `keyring`: gets the keyring, for the caller to free with `batv_keyring_free`; NULL on any error.
///
/// Errors: `BATV_RESULT_KEYRING`, where `batv_error_message` tells line and column; `BATV_RESULT_NULL_POINTER`;
/// `BATV_RESULT_BAD_ARGUMENT`.
/// Threads: any.
///
/// ```c
/// const char *toml = "[[key]]\nuse = \"srs\"\nstate = \"signing\"\nsecret = \"text:tops3cr3t\"\n";
/// batv_keyring *from_text;
/// if (batv_keyring_new_from_text(batv_text_of(toml), &from_text) == BATV_RESULT_OK)
///     batv_keyring_free(from_text);
/// ```
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batv_keyring_new_from_text(text: batv_text, keyring: *mut *mut batv_keyring) -> batv_result {
    call(|| {
        let keyring = from_c!(plain answer keyring)?;
        keyring.put(batv_keyring::new(parse(from_c!(octets text)?)?, None));
        Ok(())
    })
}

/// Makes a keyring of one key that signs and verifies for all senders.
///
/// - `secret`: any octets, at least one. The caller may wipe them afterwards.
/// - `key_use`: a `batv_use`.
/// - `key_id`: 0 to 9, the first digit of the tags; 0 for SRS.
/// - `algorithm`: a `batv_algorithm`. Exim, batv-tools and the SRS programs have HMAC-SHA1.
/// - `lifetime`: days that tags live, 1 to 180, or 0 for the usual 7.
/// - `keyring`: gets the keyring, for the caller to free with `batv_keyring_free`; NULL on any error.
///
/// Errors: `BATV_RESULT_BAD_ARGUMENT`, `BATV_RESULT_NULL_POINTER`.
/// Threads: any.
///
/// ```c
/// batv_keyring *from_key;
/// if (batv_keyring_new_from_key(batv_text_of("s3kr1t"), BATV_USE_BATV, 0, BATV_ALGORITHM_HMAC_SHA1, 7, &from_key) ==
///     BATV_RESULT_OK)
///     batv_keyring_free(from_key);
/// ```
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batv_keyring_new_from_key(
    secret: batv_text,
    key_use: u32,
    key_id: u32,
    algorithm: u32,
    lifetime: u32,
    keyring: *mut *mut batv_keyring,
) -> batv_result {
    call(|| {
        let keyring = from_c!(plain answer keyring)?;
        let secret = from_c!(octets secret)?;
        let id = u8::try_from(key_id).map_err(|_| Failure::Argument("`key_id` is not one of 0 to 9"))?;
        let id = KeyId::new(id).map_err(Failure::Refused)?;
        let key_use = match batv_use::read(key_use, "key_use")? {
            batv_use::Batv => KeyUse::Batv(id),
            batv_use::Srs if id == KeyId::default() => KeyUse::Srs,
            batv_use::Srs => return Err(Failure::Argument("an SRS key has no id: `key_id` must be 0")),
        };
        let algorithm = batv_algorithm::read(algorithm, "algorithm")?;
        let lifetime = match lifetime {
            0 => Lifetime::default(),
            days => Lifetime::new(days).map_err(Failure::Refused)?,
        };
        let made = Keyring::from_raw_key(secret, key_use, algorithm, lifetime).map_err(|error| match error {
            batv_config::Error::Key(error) => Failure::Refused(error),
            error => Failure::Keyring(error),
        })?;
        keyring.put(batv_keyring::new(made, None));
        Ok(())
    })
}

/// Replaces the keys, and keeps the old ones on any error. Calls in flight on other threads end with the keys that they
/// began with; all later ones have the new keys.
///
/// - `keyring`: not NULL.
/// - `text`: TOML as in a keyring file; absent to read the keyring's file again.
///
/// Errors: those of `batv_keyring_new_from_file` and `batv_keyring_new_from_text`; `BATV_RESULT_BAD_ARGUMENT` without
/// a text when the keyring came from no file.
/// Threads: any, at the same time as calls with the same keyring.
///
/// ```c
/// // on SIGHUP, in whatever thread handles it
/// if (batv_keyring_reload(keyring, batv_text_of(NULL)) != BATV_RESULT_OK) {
///     // the old keys stay in use
/// }
/// ```
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batv_keyring_reload(keyring: *const batv_keyring, text: batv_text) -> batv_result {
    call(|| {
        let keyring = from_c!(handle keyring)?;
        let loaded = match &keyring.file {
            _ if text.present().is_some() => parse(from_c!(octets text)?)?,
            Some((path, permissions)) => Keyring::load(path, *permissions)?,
            None => return Err(Failure::Argument("the keyring came from no file: give `text`")),
        };
        keyring.keys.store(Arc::new(loaded));
        Ok(())
    })
}

/// Frees a keyring and wipes its keys. NULL is allowed.
///
/// Forbidden: to free a keyring twice, to use it afterwards, or to free it while another thread uses it.
///
/// Errors: none. Threads: any, once no other uses the keyring.
///
/// ```c
/// batv_keyring_free(NULL);
/// ```
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batv_keyring_free(keyring: *mut batv_keyring) {
    from_c!(free keyring);
}
