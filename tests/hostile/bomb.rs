//! A compression bomb, made by hand: RFC 1951's fixed codes need 13 bits for 258 bytes.

/// An HTTP answer of `mib` MiB of blanks, packed by a factor of about 150.
pub(crate) fn http_answer(mib: usize) -> Vec<u8> {
    let body = gzip_of_blanks(mib * 1024 * 1024);
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\n";
    [format!("{head}Content-Length: {}\r\n\r\n", body.len()).into_bytes(), body].concat()
}

fn gzip_of_blanks(size: usize) -> Vec<u8> {
    let mut bits = Bits::default();
    bits.push(0b011, 3); // the last block, fixed codes
    bits.push_code(0x30 + u32::from(b' '), 8);
    for _ in 0..(size - 1) / 258 {
        bits.push_code(0b1100_0101, 8); // length 258
        bits.push_code(0, 5); // distance 1
    }
    bits.push_code(0, 7); // the end
    let mut bytes = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3];
    bytes.extend(bits.bytes);
    // A reader that gets as far as the checksum has unpacked the bomb.
    bytes.extend([0; 8]);
    bytes
}

#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    used: u32,
}

impl Bits {
    /// The lowest bit first, as numbers go.
    fn push(&mut self, value: u32, count: u32) {
        for at in 0..count {
            if self.used.is_multiple_of(8) {
                self.bytes.push(0);
            }
            let last = self.bytes.last_mut().expect("there is one");
            *last |= u8::from(value >> at & 1 == 1) << (self.used % 8);
            self.used += 1;
        }
    }

    /// The highest bit first, as codes go.
    fn push_code(&mut self, code: u32, count: u32) {
        for at in (0..count).rev() {
            self.push(code >> at & 1, 1);
        }
    }
}
