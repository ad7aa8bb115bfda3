//! The bytes of one file, unpacked on the way, with a count of what was read on disk.

use std::fs::File;
use std::io::{self, BufRead, Read, Seek, SeekFrom};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::bufread::GzDecoder;

use super::cursor::Fingerprint;
use super::find::Found;

/// The unpacked bytes of a file.
pub(super) struct Input {
    read: Kind,
    /// Bytes read on disk.
    raw: Arc<AtomicU64>,
    pub packed: bool,
}

enum Kind {
    /// Not packed: it can be sought.
    Plain(Counted<File>),
    Stream(Box<dyn Read + Send>),
}

/// The name of the standard input.
pub(super) const STANDARD_INPUT: &str = "-";

struct Counted<R> {
    inner: R,
    count: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.inner.read(buffer)?;
        self.count.fetch_add(length as u64, Ordering::Relaxed);
        Ok(length)
    }
}

/// The members of a gzip file, one after the other. Zeros behind one are padding of whoever wrote in blocks, as gzip itself
/// takes it; anything else must be a member.
struct Members<R> {
    now: Option<GzDecoder<R>>,
}

impl<R: BufRead> Members<R> {
    fn new(packed: R) -> Self {
        Self { now: Some(GzDecoder::new(packed)) }
    }
}

impl<R: BufRead> Read for Members<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while let Some(member) = &mut self.now {
            let length = member.read(buffer)?;
            if length > 0 || buffer.is_empty() {
                return Ok(length);
            }
            let Some(mut packed) = self.now.take().map(GzDecoder::into_inner) else { break };
            loop {
                let ahead = packed.fill_buf()?;
                let zeros = ahead.iter().take_while(|byte| **byte == 0).count();
                let (ended, more) = (ahead.is_empty(), zeros < ahead.len());
                packed.consume(zeros);
                if ended {
                    return Ok(0);
                }
                if more {
                    break;
                }
            }
            self.now = Some(GzDecoder::new(packed));
        }
        Ok(0)
    }
}

/// The first bytes of a file as they are on disk.
fn first_bytes(read: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut first = Vec::with_capacity(Fingerprint::LENGTH);
    read.take(Fingerprint::LENGTH as u64).read_to_end(&mut first)?;
    Ok(first)
}

impl Input {
    /// Opens a file; also gives its first bytes on disk.
    pub fn open(file: &Found) -> io::Result<(Self, Vec<u8>)> {
        Self::of(file.open()?, file)
    }

    /// Of a file that is open at its beginning.
    pub fn of(mut opened: File, file: &Found) -> io::Result<(Self, Vec<u8>)> {
        let first = first_bytes(&mut opened)?;
        opened.seek(SeekFrom::Start(0))?;
        let raw = Arc::new(AtomicU64::new(0));
        let counted = Counted { inner: opened, count: Arc::clone(&raw) };
        let (read, packed) = match file.name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase()) {
            Some(ending) if ending == "gz" => {
                let buffered = io::BufReader::with_capacity(64 << 10, counted);
                (Kind::Stream(Box::new(Members::new(buffered))), true)
            }
            Some(ending) if ending == "zst" => (Kind::Stream(Box::new(zstd::Decoder::new(counted)?)), true),
            _ => (Kind::Plain(counted), false),
        };
        Ok((Self { read, raw, packed }, first))
    }

    /// A stream that cannot be opened again. At least `needed` of its first bytes are read ahead, if it has them; without
    /// a need what the first read gives, so that a slow writer is not waited for.
    pub fn stream(mut stream: Box<dyn Read + Send>, needed: usize) -> io::Result<(Self, Vec<u8>)> {
        let mut first = vec![0; Fingerprint::LENGTH];
        let mut length = 0;
        while length == 0 || length < needed {
            match stream.read(first.get_mut(length..).unwrap_or_default()) {
                Ok(0) => break,
                Ok(more) => length += more,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        first.truncate(length);
        let raw = Arc::new(AtomicU64::new(length as u64));
        let rest = Counted { inner: stream, count: Arc::clone(&raw) };
        let whole = io::Cursor::new(first.clone()).chain(rest);
        Ok((Self { read: Kind::Stream(Box::new(whole)), raw, packed: false }, first))
    }

    /// Bytes read on disk.
    pub fn raw(&self) -> u64 {
        self.raw.load(Ordering::Relaxed)
    }

    /// Goes to that byte of the unpacked text. False: it ends before.
    pub fn skip_to(&mut self, byte: u64) -> io::Result<bool> {
        match &mut self.read {
            Kind::Plain(file) => {
                let length = file.inner.metadata()?.len();
                file.inner.seek(SeekFrom::Start(byte))?;
                file.count.store(byte.min(length), Ordering::Relaxed);
                Ok(byte <= length)
            }
            Kind::Stream(stream) => Ok(io::copy(&mut stream.take(byte), &mut io::sink())? == byte),
        }
    }
}

impl Read for Input {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.read {
            Kind::Plain(file) => file.read(buffer),
            Kind::Stream(stream) => stream.read(buffer),
        }
    }
}
