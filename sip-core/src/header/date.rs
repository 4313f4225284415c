//! The form of a SIP date: `Sat, 13 Nov 2010 23:29:00 GMT`.
//!
//! Source: RFC 3261 20.17 and 25.1 (`SIP-date`): one form of RFC 1123, and GMT is its only zone.

/// Whether `text` is a SIP date. Names are read case-blind; the weekday is not compared with the day.
pub(crate) fn is_date(text: &[u8]) -> bool {
    let [w1, w2, w3, b',', b' ', d1, d2, b' ', m1, m2, m3, b' ', y1, y2, y3, y4, b' ', time @ ..] = text
    else {
        return false;
    };
    let one_of = |names: &[u8], text: &[u8]| names.chunks(3).any(|name| name.eq_ignore_ascii_case(text));
    let number = |digits: &[u8]| {
        digits
            .iter()
            .try_fold(0u32, |sum, byte| byte.is_ascii_digit().then(|| sum * 10 + u32::from(byte - b'0')))
    };
    let within = |digits: &[u8], least: u32, most: u32| {
        number(digits).is_some_and(|number| (least..=most).contains(&number))
    };
    let [h1, h2, b':', n1, n2, b':', s1, s2, b' ', zone @ ..] = time else { return false };
    one_of(b"MonTueWedThuFriSatSun", &[*w1, *w2, *w3])
        && within(&[*d1, *d2], 1, 31)
        && one_of(b"JanFebMarAprMayJunJulAugSepOctNovDec", &[*m1, *m2, *m3])
        && number(&[*y1, *y2, *y3, *y4]).is_some()
        && within(&[*h1, *h2], 0, 23)
        && within(&[*n1, *n2], 0, 59)
        && within(&[*s1, *s2], 0, 60)
        && zone.eq_ignore_ascii_case(b"GMT")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_has_one_form_and_one_zone() {
        for good in ["Sat, 13 Nov 2010 23:29:00 GMT", "thu, 01 jan 1970 00:00:60 gmt"] {
            assert!(is_date(good.as_bytes()), "{good}");
        }
        for bad in [
            "",
            "Fri, 01 Jan 2010 16:00:00 EST",
            "Fri, 1 Jan 2010 16:00:00 GMT",
            "Fri, 00 Jan 2010 16:00:00 GMT",
            "Fri, 01 Jab 2010 16:00:00 GMT",
            "Xxx, 01 Jan 2010 16:00:00 GMT",
            "Fri, 01 Jan 2010 24:00:00 GMT",
            "Fri, 01 Jan 2010 16:00 GMT",
            "Friday, 01-Jan-10 16:00:00 GMT",
            "Fri, 01 Jan 2010 16:00:00 GMT+1",
        ] {
            assert!(!is_date(bad.as_bytes()), "{bad}");
        }
    }
}
