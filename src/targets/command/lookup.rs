//! Which file a command's name means, as execvp(3) and shells look for it.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::path::PathBuf;

use nix::unistd::AccessFlags;

use super::CommandError;

/// Where commands are looked for if `PATH` is not set: `_CS_PATH` of glibc.
const DEFAULT_PATH: &str = "/bin:/usr/bin";

/// The file a name stands for: itself if it holds a slash, else the first executable file of that name in `PATH`.
///
/// # Errors
/// There is none; the first that is there but not executable is named, if any.
pub(super) fn find(name: &OsStr) -> Result<PathBuf, CommandError> {
    find_in(name, &env::var_os("PATH").unwrap_or_else(|| DEFAULT_PATH.into()))
}

fn find_in(name: &OsStr, path: &OsStr) -> Result<PathBuf, CommandError> {
    let shown = || name.to_string_lossy().into_owned();
    if name.is_empty() {
        return Err(CommandError::NotFound(shown()));
    }
    if name.as_bytes().contains(&b'/') {
        let file = PathBuf::from(name);
        return match check(&file) {
            Verdict::Program => Ok(file),
            Verdict::Missing => Err(CommandError::NoFile(shown())),
            Verdict::Folder => Err(CommandError::Folder(shown())),
            Verdict::Forbidden => Err(CommandError::PermissionDenied(shown())),
        };
    }
    let mut forbidden = None;
    for folder in env::split_paths(path) {
        // An empty entry is the working folder.
        let folder = if folder.as_os_str().is_empty() { PathBuf::from(".") } else { folder };
        let file = folder.join(name);
        match check(&file) {
            Verdict::Program => return Ok(file),
            Verdict::Forbidden => forbidden = forbidden.or(Some(file)),
            Verdict::Missing | Verdict::Folder => {}
        }
    }
    Err(match forbidden {
        Some(file) => CommandError::PermissionDenied(file.display().to_string()),
        None => CommandError::NotFound(shown()),
    })
}

enum Verdict {
    Program,
    Missing,
    Folder,
    Forbidden,
}

fn check(file: &Path) -> Verdict {
    match fs::metadata(file) {
        Ok(metadata) if metadata.is_dir() => Verdict::Folder,
        Ok(_) if nix::unistd::access(file, AccessFlags::X_OK).is_ok() => Verdict::Program,
        Ok(_) => Verdict::Forbidden,
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => Verdict::Forbidden,
        Err(_) => Verdict::Missing,
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn folder(files: &[(&str, u32)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, mode) in files {
            fs::write(folder.path().join(name), "").unwrap();
            fs::set_permissions(folder.path().join(name), fs::Permissions::from_mode(*mode)).unwrap();
        }
        folder
    }

    /// Check that the first executable file in the path is taken, others passed over.
    #[test]
    fn first_executable() {
        let (one, two) = (folder(&[("x", 0o644), ("y", 0o644)]), folder(&[("x", 0o755)]));
        fs::create_dir(one.path().join("z")).unwrap();
        let path: OsString = env::join_paths([one.path(), two.path()]).unwrap();
        assert_eq!(find_in("x".as_ref(), &path).unwrap(), two.path().join("x"));
        let error = |name: &str| find_in(name.as_ref(), &path).unwrap_err();
        assert!(matches!(error("y"), CommandError::PermissionDenied(file) if file.ends_with("/y")));
        for name in ["z", "nothing", ""] {
            assert!(matches!(error(name), CommandError::NotFound(_)), "{name}");
            assert_eq!(error(name).shell_status(), 127);
        }
    }

    /// Check that a name with a slash is that file and no other.
    #[test]
    fn with_slash() {
        let folder = folder(&[("x", 0o755), ("y", 0o600)]);
        let file = |name: &str| folder.path().join(name);
        assert_eq!(find_in(file("x").as_ref(), "".as_ref()).unwrap(), file("x"));
        let error = |name: PathBuf| find_in(name.as_ref(), "".as_ref()).unwrap_err();
        assert!(matches!(error(file("y")), CommandError::PermissionDenied(_)));
        assert!(matches!(error(file("z")), CommandError::NoFile(_)));
        assert!(matches!(error(folder.path().to_owned()), CommandError::Folder(_)));
        assert_eq!(error(file("y")).shell_status(), 126);
    }
}
