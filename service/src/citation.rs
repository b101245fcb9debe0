//! Articles of law, from the short form in which catalogs and rules carry them to the form in which a Chinese official text cites them.

use web::words::{Lang, Words};

/// `law 8(1)(4); law 39, 49` in full: article, paragraph (款), item (项). What is not of this form stands as it was written, as an officer's own
/// words do; another language keeps the short form.
pub fn cited(text: &str, words: Words) -> String {
    if words.lang != Lang::ZhCn {
        return text.to_owned();
    }
    let laws: Option<Vec<String>> = text.split(';').map(|law| one_law(law.trim(), words)).collect();
    laws.map_or_else(|| text.to_owned(), |laws| laws.join(&words.t("citation-laws")))
}

fn one_law(text: &str, words: Words) -> Option<String> {
    let (law, articles) = text.split_once(' ')?;
    let articles: Option<Vec<String>> = articles.split(',').map(|article| one_article(article.trim(), words)).collect();
    let said = articles?.join(&words.t("citation-articles"));
    Some(words.t2("citation-law", "law", law, "articles", said))
}

/// `8(1)(4)`: the first number is the article, then paragraph and item.
fn one_article(text: &str, words: Words) -> Option<String> {
    let mut said = String::new();
    let mut keys = ["citation-article", "citation-paragraph", "citation-item"].into_iter();
    for part in text.split('(') {
        let number: u32 = part.trim_end_matches(')').parse().ok()?;
        said.push_str(&words.t1(keys.next()?, "n", numeral(number, words)?));
    }
    Some(said)
}

/// A number below a thousand in Chinese characters; the catalogue has the digits from zero, then ten and a hundred.
fn numeral(number: u32, words: Words) -> Option<String> {
    let signs: Vec<char> = words.t("citation-numerals").chars().collect();
    let sign = |n: u32| signs.get(usize::try_from(n).ok()?).copied();
    let (hundreds, tens, ones) = (number / 100, number / 10 % 10, number % 10);
    if number == 0 || hundreds > 9 {
        return None;
    }
    let mut said = String::new();
    if hundreds > 0 {
        said.extend([sign(hundreds)?, sign(11)?]);
    }
    match (hundreds, tens) {
        (0, 0) => {}
        (_, 0) if ones > 0 => said.extend(sign(0)),
        (_, 0) => {}
        (0, 1) => said.extend(sign(10)),
        _ => said.extend([sign(tens)?, sign(10)?]),
    }
    if ones > 0 {
        said.extend(sign(ones));
    }
    Some(said)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_article_is_cited_in_full() {
        for (short, full) in [
            ("建筑法 8(1)(4)", "《建筑法》第八条第一款第（四）项"),
            (
                "建筑法 8(1)(5); 建设工程质量管理条例 11",
                "《建筑法》第八条第一款第（五）项；《建设工程质量管理条例》第十一条",
            ),
            ("建设工程质量管理条例 39, 49", "《建设工程质量管理条例》第三十九条、第四十九条"),
            (
                "民法典 105; 民法典 110; 民法典 200",
                "《民法典》第一百零五条；《民法典》第一百一十条；《民法典》第二百条",
            ),
            ("建筑法第八条第一款", "建筑法第八条第一款"),
            ("", ""),
        ] {
            assert_eq!(cited(short, Words::new(Lang::ZhCn)), full);
        }
        assert_eq!(cited("建筑法 8(1)(4)", Words::new(Lang::En)), "建筑法 8(1)(4)");
    }
}
