//! Reading the format of vectors, line by line.

use zmtp_core::wire::{RoutingId, SocketType};

use super::{Bytes, Message, ParseError, Step, Sut, Vector};

pub(super) fn vector(text: &str) -> Result<Vector, ParseError> {
    let mut reader = Reader::default();
    for (at, line) in text.lines().enumerate() {
        reader.line(line).map_err(|what| ParseError { line: at + 1, what })?;
    }
    reader.finish().map_err(|what| ParseError { line: 0, what })
}

#[derive(Default)]
struct Reader {
    name: Option<String>,
    title: Option<String>,
    sut: Option<Sut>,
    steps: Vec<Step>,
    ended: bool,
}

impl Reader {
    fn line(&mut self, line: &str) -> Result<(), String> {
        if self.ended {
            return Err("text behind @end".into());
        }
        let (tag, text) = line.split_once(' ').unwrap_or((line, ""));
        let bare = text.split('#').next().unwrap_or_default();
        match tag {
            "@vector" => self.name = Some(text.into()),
            "@title" => self.title = Some(text.into()),
            "@sut" => self.sut = Some(sut(text)?),
            "@key" if text.split(' ').count() >= 2 => {}
            "@lib" => {}
            "@end" => self.ended = true,
            "=" | "#" => self.steps.push(Step::Heading(text.into())),
            "P>" => {
                let bytes = Bytes::parse(bare)?;
                if bytes.any.contains(&true) {
                    return Err("the peer sends no ??".into());
                }
                match self.steps.last_mut() {
                    Some(Step::Peer(stream)) => stream.extend(bytes.recorded),
                    _ => self.steps.push(Step::Peer(bytes.recorded)),
                }
            }
            "Z>" => {
                let bytes = Bytes::parse(bare)?;
                match self.steps.last_mut() {
                    Some(Step::Libzmq(stream)) => {
                        stream.recorded.extend(bytes.recorded);
                        stream.any.extend(bytes.any);
                    }
                    _ => self.steps.push(Step::Libzmq(bytes)),
                }
            }
            "~" => self.mask(bare)?,
            "A>" => match text.strip_prefix("send ") {
                Some(parts) => self.steps.push(Step::Send(message(parts)?)),
                None => return Err("A> without send".into()),
            },
            "A<" => match (text.strip_prefix("recv "), text.starts_with("none")) {
                (Some(parts), _) => self.steps.push(Step::Receive(Some(message(parts)?))),
                (None, true) => self.steps.push(Step::Receive(None)),
                (None, false) => return Err("A< with neither recv nor none".into()),
            },
            "Z-" => self.steps.push(Step::Observed(text.into())),
            "Z!" if bare.trim() == "close" => self.steps.push(Step::Close),
            "ZAP" => self.steps.push(Step::Aside(line.into())),
            "" if line.trim_start().starts_with("plain") => {
                self.steps.push(Step::Aside(line.into()));
            }
            "" if line.is_empty() => {}
            _ => return Err(format!("what is {line:?}?")),
        }
        Ok(())
    }

    fn mask(&mut self, text: &str) -> Result<(), String> {
        let numbers: Vec<usize> = text.split_whitespace().flat_map(str::parse).collect();
        let ([start, len], Some(Step::Libzmq(bytes))) = (&numbers[..], self.steps.last_mut())
        else {
            return Err("~ takes two numbers and stands behind Z>".into());
        };
        let any = bytes.any.get_mut(*start..start + len).ok_or("~ goes past the bytes")?;
        any.fill(true);
        Ok(())
    }

    fn finish(self) -> Result<Vector, String> {
        if !self.ended {
            return Err("no @end".into());
        }
        Ok(Vector {
            name: self.name.ok_or("no @vector")?,
            title: self.title.ok_or("no @title")?,
            sut: self.sut.ok_or("no @sut")?,
            steps: self.steps,
        })
    }
}

fn message(text: &str) -> Result<Message, String> {
    // A note in brackets may follow the parts.
    let (parts, note) = text.split_once(" (").unwrap_or((text, ""));
    let group = note.strip_prefix("group ").and_then(|group| group.strip_suffix(')'));
    group.map(group_of).into_iter().chain(parts.split('|').map(Bytes::parse)).collect()
}

/// The group of a message, which is its first part: in digits, or as text.
fn group_of(text: &str) -> Result<Bytes, String> {
    let text = text.trim_matches('\'');
    Bytes::parse(text).or_else(|_| {
        let recorded = text.as_bytes().to_vec();
        Ok(Bytes { any: vec![false; recorded.len()], recorded })
    })
}

fn sut(text: &str) -> Result<Sut, String> {
    let name = text.split([' ', ',']).next().unwrap_or_default();
    let socket_type = SocketType::from_name(name.as_bytes())
        .ok_or_else(|| format!("{name:?} is no socket type"))?;
    let id = text.split_whitespace().find_map(|option| option.strip_prefix("ROUTING_ID="));
    let routing_id = RoutingId::new(id.unwrap_or_default().as_bytes()).ok_or("long routing id")?;
    Ok(Sut { text: text.into(), socket_type, routing_id })
}

impl Bytes {
    fn parse(text: &str) -> Result<Self, String> {
        let mut bytes = Self::default();
        for word in text.split_whitespace().filter(|word| *word != "-") {
            let (digits, times) = word.split_once('*').unwrap_or((word, "1"));
            let times = times.parse().map_err(|_| format!("bad count in {word:?}"))?;
            let any = digits == "??";
            let byte = match (any, digits.len()) {
                (true, _) => 0,
                (false, 2) => u8::from_str_radix(digits, 16).map_err(|_| bad_byte(word))?,
                (false, _) => return Err(bad_byte(word)),
            };
            bytes.recorded.extend(core::iter::repeat_n(byte, times));
            bytes.any.extend(core::iter::repeat_n(any, times));
        }
        Ok(bytes)
    }
}

fn bad_byte(word: &str) -> String {
    format!("{word:?} is no byte")
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "@vector x\n@title y\n@sut REQ connect, ROUTING_ID=me\n";

    fn failing(lines: &str) -> String {
        Vector::parse(&format!("{HEAD}{lines}")).unwrap_err().to_string()
    }

    #[test]
    fn lines_of_one_side_are_one_stream() {
        let text = format!("{HEAD}P> 01 # one\nP> 02*2\nZ> aa bb\n~ 1 1\nA> send 61 | -\n@end\n");
        let vector = Vector::parse(&text).unwrap();
        assert_eq!(vector.sut.routing_id.bytes(), b"me");
        assert_eq!(vector.steps[0], Step::Peer(vec![1, 2, 2]));
        let Step::Libzmq(bytes) = &vector.steps[1] else { panic!() };
        assert!(bytes.matches(&[0xaa, 7]) && !bytes.matches(&[7, 0xbb]));
        let Step::Send(parts) = &vector.steps[2] else { panic!() };
        assert_eq!(parts.len(), 2);
    }

    #[test]
    fn a_group_is_the_first_part_of_its_message() {
        let lines = "A> send 61 (group TV)\nA> send - (group 54 56)\nA> send 61 (group '')\n\
            A< recv 61 (that routing id)\n@end\n";
        let vector = Vector::parse(&format!("{HEAD}{lines}")).unwrap();
        let parts: Vec<Vec<Vec<u8>>> = vector.steps.iter().map(recorded).collect();
        assert_eq!(parts[0], [b"TV".to_vec(), b"a".to_vec()]);
        assert_eq!(parts[1], [b"TV".to_vec(), Vec::new()]);
        assert_eq!(parts[2], [Vec::new(), b"a".to_vec()]);
        assert_eq!(parts[3], [b"a"]);
    }

    fn recorded(step: &Step) -> Vec<Vec<u8>> {
        match step {
            Step::Send(parts) | Step::Receive(Some(parts)) => {
                parts.iter().map(|part| part.recorded.clone()).collect()
            }
            _ => panic!("no message"),
        }
    }

    #[test]
    fn errors_state_the_line() {
        assert_eq!(failing("P> 0g\n@end"), "line 4: \"0g\" is no byte");
        assert_eq!(failing("\nQ> 00\n@end"), "line 5: what is \"Q> 00\"?");
        assert_eq!(failing("Z> 00\n~ 0 2\n@end"), "line 5: ~ goes past the bytes");
        assert_eq!(failing("A> 00\n@end"), "line 4: A> without send");
        assert_eq!(failing("P> 00"), "line 0: no @end");
        assert_eq!(failing("@end\nP> 00"), "line 5: text behind @end");
    }
}
