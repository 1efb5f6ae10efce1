//! A small disk of its own for one home, which can be full or read-only: a tmpfs that only the processes in its mount
//! namespace see. It goes with the process that holds the namespace, whatever becomes of the test.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, BufRead, BufReader, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// What tmpfs gives out at a time.
pub(crate) const BLOCK: usize = 4096;

pub(crate) struct Disk {
    holder: Child,
    /// Where the disk is mounted, as its processes see it.
    mount: PathBuf,
}

impl Disk {
    /// Mounts `kib` KiB over the folder `mount`; `None` where this machine allows no mounts of one's own.
    pub(crate) fn mount(mount: &Path, kib: u32) -> Option<Self> {
        let script = format!("mount -t tmpfs -o size={kib}k,mode=700 none \"$0\" && echo mounted && exec cat");
        let mut holder = Command::new("unshare")
            .args(["--map-root-user", "--mount", "sh", "-c", &script])
            .arg(mount)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let mut said = String::new();
        let _ = BufReader::new(holder.stdout.take()?).read_line(&mut said);
        if said != "mounted\n" {
            let _ = holder.wait();
            assert!(std::env::var_os("MAILGRANT_TEST_REQUIRE").is_none(), "no private mount is possible here");
            return None;
        }
        Some(Self { holder, mount: mount.to_owned() })
    }

    /// The disk as this process sees it.
    pub(crate) fn view(&self) -> PathBuf {
        let mount = self.mount.strip_prefix("/").expect("an absolute path");
        PathBuf::from(format!("/proc/{}/root", self.holder.id())).join(mount)
    }

    /// `program` where the disk is mounted.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new("nsenter");
        command.arg(format!("--target={}", self.holder.id()));
        // Entering a mount namespace leaves the folder that one was in.
        command.args(["--user", "--preserve-credentials", "--mount", "sh", "-c", "cd \"$0\"; exec \"$@\""]);
        command.arg(&self.mount).arg(program);
        command
    }

    /// Fills the disk until only `free` blocks are left.
    pub(crate) fn fill(&self, free: usize) {
        self.empty();
        let mut filler = File::create(self.filler()).expect("a file needs no block");
        let mut blocks = 0;
        loop {
            match filler.write_all(&[b'x'; BLOCK]) {
                Ok(()) => blocks += 1,
                Err(error) if error.kind() == ErrorKind::StorageFull => break,
                Err(error) => panic!("the disk cannot be filled: {error}"),
            }
        }
        assert!(blocks >= free, "the disk has only {blocks} blocks to begin with");
        filler.set_len(((blocks - free) * BLOCK) as u64).expect("our own file can be cut");
    }

    /// Takes away what filled it.
    pub(crate) fn empty(&self) {
        match std::fs::remove_file(self.filler()) {
            Err(error) if error.kind() != ErrorKind::NotFound => panic!("{error}"),
            _ => {}
        }
    }

    /// Makes it read-only, or writable again.
    pub(crate) fn set_read_only(&self, read_only: bool) {
        let how = if read_only { "remount,ro" } else { "remount,rw" };
        let mut mount = self.command("mount");
        let status = mount.args(["-o", how]).arg(&self.mount).status();
        assert!(status.is_ok_and(|status| status.success()), "mount -o {how}");
    }

    /// Makes one folder of it read-only, as another disk would be, or writable again.
    pub(crate) fn set_folder_read_only(&self, folder: &str, read_only: bool) {
        let words = if read_only { "mount --bind $0 $0 && mount -o remount,bind,ro $0" } else { "umount $0" };
        let status = self.command("sh").args(["-c", words, folder]).status();
        assert!(status.is_ok_and(|status| status.success()), "{words}");
    }

    fn filler(&self) -> PathBuf {
        self.view().join("filler")
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        drop(self.holder.stdin.take());
        let ended: io::Result<_> = self.holder.wait();
        drop(ended);
    }
}
