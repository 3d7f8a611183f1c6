//! The files of a folder: the messages of a Maildir and its sub-folders, or all there are, in all folders inside.

use alloc::vec;
use std::fs::{self, DirEntry, ReadDir};
use std::io;
use std::path::{Path, PathBuf};

/// Names that are sorted at a time. So most folders come in order of their names, and the largest take no more space.
const MOST_SORTED: usize = 64 * 1024;

/// A file of a folder.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum Entry {
    /// A message of a Maildir.
    Message(PathBuf),
    /// Some file: a message, or a mailbox.
    File(PathBuf),
}

/// Walks through a folder: its files, then the folders inside. Links to folders are not followed, for they can go round.
pub(crate) struct Folder {
    /// Folders and files that are still to be visited; the next one last.
    waiting: Vec<Place>,
    open: Option<Open>,
}

struct Place {
    path: PathBuf,
    /// Whether it is `cur` or `new` of a Maildir.
    holds_messages: bool,
}

/// A folder that is being read.
struct Open {
    place: Place,
    entries: ReadDir,
    /// Files that were read, and sorted.
    files: vec::IntoIter<PathBuf>,
    folders: Vec<PathBuf>,
}

impl Folder {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { waiting: vec![Place { path, holds_messages: false }], open: None }
    }

    fn open(&mut self, place: Place) -> io::Result<()> {
        if !place.holds_messages && is_maildir(&place.path) {
            // The other files belong to the program itself.
            let inside = fs::read_dir(&place.path)?.filter_map(Result::ok);
            let is_sub_folder =
                |entry: &DirEntry| entry.file_name().as_encoded_bytes().starts_with(b".") && is_maildir(&entry.path());
            self.wait(inside.filter(is_sub_folder).map(|entry| entry.path()).collect());
            let messages = ["new", "cur"].map(|name| Place { path: place.path.join(name), holds_messages: true });
            self.waiting.extend(messages);
            return Ok(());
        }
        let entries = fs::read_dir(&place.path)?;
        self.open = Some(Open { place, entries, files: Vec::new().into_iter(), folders: Vec::new() });
        Ok(())
    }

    /// These folders are the next, in order of their names.
    fn wait(&mut self, mut folders: Vec<PathBuf>) {
        folders.sort_unstable();
        self.waiting.extend(folders.into_iter().rev().map(|path| Place { path, holds_messages: false }));
    }
}

impl Open {
    /// Reads and sorts some more names; says whether there may be others.
    fn read_more(&mut self) -> io::Result<bool> {
        let mut files = Vec::new();
        let mut result = Ok(true);
        while files.len() < MOST_SORTED && matches!(result, Ok(true)) {
            result = match self.entries.next() {
                Some(entry) => entry.and_then(|entry| self.sort_out(&entry, &mut files)).map(|()| true),
                None => Ok(false),
            };
        }
        files.sort_unstable();
        self.files = files.into_iter();
        result
    }

    fn sort_out(&mut self, entry: &DirEntry, files: &mut Vec<PathBuf>) -> io::Result<()> {
        let (path, kind) = (entry.path(), entry.file_type()?);
        if kind.is_file() || kind.is_symlink() && path.is_file() {
            files.push(path);
        } else if kind.is_dir() && !self.place.holds_messages {
            self.folders.push(path);
        }
        Ok(())
    }
}

impl Iterator for Folder {
    type Item = Result<Entry, (PathBuf, io::Error)>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let Some(open) = &mut self.open else {
                let place = self.waiting.pop()?;
                let path = place.path.clone();
                match self.open(place) {
                    Ok(()) => continue,
                    Err(error) => return Some(Err((path, error))),
                }
            };
            if let Some(path) = open.files.next() {
                return Some(Ok(if open.place.holds_messages { Entry::Message(path) } else { Entry::File(path) }));
            }
            match open.read_more() {
                Ok(true) => {}
                Ok(false) if open.files.len() > 0 => {}
                Ok(false) => {
                    let folders = core::mem::take(&mut open.folders);
                    self.open = None;
                    self.wait(folders);
                }
                Err(error) => return Some(Err((open.place.path.clone(), error))),
            }
        }
    }
}

fn is_maildir(path: &Path) -> bool {
    path.join("cur").is_dir() && path.join("new").is_dir()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Makes a folder with these files, and returns the walk through it, relative to it.
    fn walk(files: &[&str]) -> Vec<(bool, String)> {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let path = folder.path().join(file);
            let is_folder = file.ends_with('/');
            fs::create_dir_all(if is_folder { &path } else { path.parent().unwrap() }).unwrap();
            if !is_folder {
                fs::write(path, "").unwrap();
            }
        }
        let relative = |path: PathBuf| path.strip_prefix(folder.path()).unwrap().to_str().unwrap().to_owned();
        let entries = Folder::new(folder.path().to_owned()).map(Result::unwrap);
        let entries = entries.map(|entry| match entry {
            Entry::Message(path) => (true, relative(path)),
            Entry::File(path) => (false, relative(path)),
        });
        entries.collect()
    }

    fn all(is_message: bool, paths: &[&str]) -> Vec<(bool, String)> {
        paths.iter().map(|path| (is_message, (*path).to_owned())).collect()
    }

    #[test]
    fn a_maildir_has_its_messages_and_those_of_its_sub_folders() {
        let files = [
            "new/3",
            "cur/2:2,S",
            "cur/1:2,",
            "tmp/4",
            "dovecot-uidlist",
            "cur/sub/x",
            ".Spam.Old/cur/7",
            ".Spam.Old/new/x/",
            ".Spam/cur/6",
            ".Spam/new/5",
            ".Spam/maildirfolder",
            ".other/x",
            "plain/x",
        ];
        let messages = ["cur/1:2,", "cur/2:2,S", "new/3", ".Spam/cur/6", ".Spam/new/5", ".Spam.Old/cur/7"];
        assert_eq!(walk(&files), all(true, &messages));
    }

    #[test]
    fn another_folder_has_all_files_in_order() {
        let files = ["b", "a", "2/y/1", "2/x", "10/z", "new/1"];
        assert_eq!(walk(&files), all(false, &["a", "b", "10/z", "2/x", "2/y/1", "new/1"]));
    }

    #[test]
    fn a_maildir_may_be_inside() {
        let expected = [all(false, &["x"]), all(true, &["alice/cur/1"])].concat();
        assert_eq!(walk(&["x", "alice/cur/1", "alice/new/", "alice/log"]), expected);
    }

    #[test]
    #[cfg(unix)]
    fn links_go_round_nowhere() {
        use std::os::unix::fs::symlink;

        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a"), "").unwrap();
        symlink(folder.path(), folder.path().join("round")).unwrap();
        symlink(folder.path().join("a"), folder.path().join("b")).unwrap();
        symlink("nowhere", folder.path().join("c")).unwrap();
        let entries: Vec<_> = Folder::new(folder.path().to_owned()).map(Result::unwrap).collect();
        assert_eq!(entries, ["a", "b"].map(|name| Entry::File(folder.path().join(name))));
    }
}
