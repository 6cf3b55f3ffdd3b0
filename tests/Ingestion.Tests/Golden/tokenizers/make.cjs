// Writes the tokenizers of this folder and what Hugging Face's own library makes of texts.json with them.
// Needs the npm package tokenizers (0.23.2, the Rust library) and spm_train (Debian's package sentencepiece, 0.1.97):
//   node make.cjs [how many random texts] [folder to write to]
'use strict'
const fs = require('fs'), path = require('path'), os = require('os')
const { execFileSync } = require('child_process')
const { Tokenizer, byteLevelPreTokenizer, byteLevelAlphabet } = require('tokenizers')

const randomTexts = Number(process.argv[2] || 140)
const target = path.resolve(process.argv[3] || __dirname)
const corpus = ['es_informe', 'mixed_zh_en', 'emoji_comb', 'en_abbr'].map(name =>
  JSON.parse(fs.readFileSync(path.join(__dirname, '..', 'chunking', name + '.json'), 'utf8')).text).join('\n')

// ---- pieces with scores, learned by SentencePiece itself, and its map of characters
function learnUnigram(size, rules) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'spm-'))
  fs.writeFileSync(path.join(folder, 'corpus'), corpus)
  const options = ['--input=' + path.join(folder, 'corpus'), '--model_prefix=' + path.join(folder, 'm'), '--vocab_size=' + size,
    '--num_threads=1', '--minloglevel=2', '--hard_vocab_limit=false', '--character_coverage=0.98', '--max_sentence_length=100000']
  if (rules) {
    fs.writeFileSync(path.join(folder, 'rules'), rules.map(([from, to]) => hex(from) + '\t' + hex(to) + '\n').join(''))
    options.push('--normalization_rule_tsv=' + path.join(folder, 'rules'))
  }
  execFileSync('spm_train', options, { stdio: ['ignore', 'ignore', 'inherit'] })
  const model = fs.readFileSync(path.join(folder, 'm.model'))
  fs.rmSync(folder, { recursive: true })
  const pieces = []
  let map
  for (const [field, value] of fields(model)) {
    if (field === 1) {
      const parts = new Map(fields(value))
      pieces.push([parts.get(1).toString(), parts.has(2) ? parts.get(2).readFloatLE() : 0])
    }
    if (field === 3) map = new Map(fields(value)).get(2).toString('base64')
  }
  return { pieces: pieces.slice(3), map }
}

function hex(text) {
  return [...text].map(c => c.codePointAt(0).toString(16).toUpperCase()).join(' ')
}

function fields(bytes) {
  const all = []
  let at = 0
  const number = () => {
    let value = 0, shift = 1
    for (; ; shift *= 128) {
      const one = bytes[at++]
      value += (one & 127) * shift
      if (one < 128) return value
    }
  }
  while (at < bytes.length) {
    const key = number(), kind = key & 7
    if (kind === 0) all.push([key >> 3, number()])
    else {
      const length = kind === 2 ? number() : kind === 5 ? 4 : 8
      all.push([key >> 3, bytes.subarray(at, at + length)])
      at += length
    }
  }
  return all
}

// ---- merges, learned the plain way
function learnMerges(words, count, prefix, suffix) {
  const tally = new Map()
  for (const word of words) tally.set(word, (tally.get(word) || 0) + 1)
  const split = [...tally].map(([word, times]) => {
    const pieces = [...word].map((c, i) => (i > 0 ? prefix : '') + c)
    pieces[pieces.length - 1] += suffix
    return [pieces, times]
  })
  const alphabet = [...new Set(split.flatMap(([pieces]) => pieces))].sort()
  const merges = []
  while (merges.length < count) {
    const pairs = new Map()
    for (const [pieces, times] of split) {
      for (let i = 1; i < pieces.length; i++) {
        const pair = pieces[i - 1] + '\n' + pieces[i]
        pairs.set(pair, (pairs.get(pair) || 0) + times)
      }
    }
    const best = [...pairs].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))[0]
    if (!best || best[1] < 2) break
    const [left, right] = best[0].split('\n')
    merges.push([left, right])
    for (const [pieces] of split) {
      for (let i = 1; i < pieces.length; i++) {
        if (pieces[i - 1] === left && pieces[i] === right) pieces.splice(i - 1, 2, left + right.slice(prefix.length))
      }
    }
  }
  return { alphabet, merges, made: merges.map(([left, right]) => left + right.slice(prefix.length)) }
}

const numbered = pieces => Object.fromEntries([...new Set(pieces)].map((piece, id) => [piece, id]))
const bytePieces = Array.from({ length: 256 }, (_, i) => `<0x${i.toString(16).toUpperCase().padStart(2, '0')}>`)
const token = (id, content, more) =>
  ({ id, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special: true, ...more })
const whole = (parts) => ({ version: '1.0', truncation: null, padding: null, decoder: null, ...parts })
const template = (before, after) => ({
  type: 'TemplateProcessing',
  single: [{ SpecialToken: { id: before[0], type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }, { SpecialToken: { id: after[0], type_id: 0 } }],
  pair: [{ Sequence: { id: 'A', type_id: 0 } }, { Sequence: { id: 'B', type_id: 0 } }],
  special_tokens: Object.fromEntries([before, after].map(([name, id]) => [name, { id: name, ids: [id], tokens: [name] }])),
})

const tokenizers = {
  // As XLM-RoBERTa and multilingual-e5: SentencePiece's usual map, white space first; and the bytes, so that nothing hides behind <unk>.
  'unigram-xlmr': () => {
    const { pieces, map } = learnUnigram(600)
    const vocab = [['<s>', 0], ['<pad>', 0], ['</s>', 0], ['<unk>', 0], ...pieces, ...bytePieces.map(one => [one, -30]), ['<mask>', 0]]
    return whole({
      added_tokens: [token(0, '<s>'), token(1, '<pad>'), token(2, '</s>'), token(3, '<unk>'), token(vocab.length - 1, '<mask>', { lstrip: true })],
      normalizer: { type: 'Precompiled', precompiled_charsmap: map },
      pre_tokenizer: {
        type: 'Sequence',
        pretokenizers: [{ type: 'WhitespaceSplit' }, { type: 'Metaspace', replacement: '▁', str_rep: '▁', add_prefix_space: true }],
      },
      post_processor: template(['<s>', 0], ['</s>', 2]),
      model: { type: 'Unigram', unk_id: 3, vocab, byte_fallback: true },
    })
  },
  // As bge-m3, but for the space that only the text's beginning gets: a map of a few rules, spaces put together, unknown characters as <unk>.
  'unigram-bge': () => {
    const { pieces, map } = learnUnigram(400, [['e\u0301', 'é'], ['é', 'é!'], ['ﬁ', 'fi'], ['\u00AD', ''], ['…', '...'], ['😀', ':)'],
      ['\r', ' '], ['\t', ' '], ['A', 'a'], ['ab', 'ba'], ['́', '´'], ['ﷺ', 'صلى الله عليه وسلم'], ['한', '한']])
    const vocab = [['<s>', 0], ['<pad>', 0], ['</s>', 0], ['<unk>', 0], ...pieces, ['<mask>', 0]]
    return whole({
      added_tokens: [token(0, '<s>'), token(1, '<pad>'), token(2, '</s>'), token(3, '<unk>'),
        token(vocab.length - 1, '<mask>', { lstrip: true, rstrip: true, normalized: true, special: false })],
      normalizer: {
        type: 'Sequence',
        normalizers: [{ type: 'Precompiled', precompiled_charsmap: map }, { type: 'Strip', strip_left: false, strip_right: true },
          { type: 'Replace', pattern: { Regex: ' {2,}' }, content: '▁' }],
      },
      pre_tokenizer: { type: 'Metaspace', replacement: '▁', prepend_scheme: 'first', split: true },
      post_processor: template(['<s>', 0], ['</s>', 2]),
      model: { type: 'Unigram', unk_id: 3, vocab, byte_fallback: false },
    })
  },
  // Everything else that a Unigram may have: Unicode's own forms, no division into words, nothing around the text.
  'unigram-folded': () => {
    const { pieces } = learnUnigram(300)
    const vocab = [['<pad>', 0], ['<unk>', 0], ...pieces, ...bytePieces.map(one => [one, -30])]
    return whole({
      added_tokens: [token(0, '<pad>'), token(vocab.length, 'MaRk', { normalized: true, special: false })],
      normalizer: {
        type: 'Sequence',
        normalizers: [{ type: 'NFKD' }, { type: 'StripAccents' }, { type: 'Lowercase' }, { type: 'Replace', pattern: { String: '``' }, content: '"' },
          { type: 'Strip', strip_left: true, strip_right: true }],
      },
      pre_tokenizer: { type: 'Metaspace', replacement: '▁', prepend_scheme: 'always', split: false },
      post_processor: null,
      model: { type: 'Unigram', unk_id: 1, vocab, byte_fallback: true },
    })
  },
  // As RoBERTa: bytes, the GPT-2 pattern, merges as lines, and no word of which kind it is.
  'bpe-roberta': () => {
    const words = byteLevelPreTokenizer(false).preTokenizeString(corpus).map(([word]) => word)
    const { merges, made } = learnMerges(words, 400, '', '')
    const vocab = numbered(['<s>', '<pad>', '</s>', '<unk>', ...byteLevelAlphabet().sort(), ...made, '<mask>'])
    return whole({
      added_tokens: ['<s>', '<pad>', '</s>', '<unk>'].map((one, id) => token(id, one, { normalized: true }))
        .concat(token(vocab['<mask>'], '<mask>', { lstrip: true })),
      normalizer: null,
      pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true },
      post_processor: { type: 'RobertaProcessing', sep: ['</s>', 2], cls: ['<s>', 0], trim_offsets: true, add_prefix_space: false },
      model: {
        dropout: null, unk_token: null, continuing_subword_prefix: '', end_of_word_suffix: '', fuse_unk: false, vocab,
        merges: merges.map(pair => pair.join(' ')),
      },
    })
  },
  // Newer files: merges as pairs, words that are pieces as they stand, several steps.
  'bpe-pairs': () => {
    const words = byteLevelPreTokenizer(true).preTokenizeString(corpus.normalize('NFC')).map(([word]) => word)
    const { merges, made } = learnMerges(words, 300, '', '')
    const vocab = numbered([...byteLevelAlphabet().sort(), ...made, 'ĠInform', 'Ġpájaros', '<|start|>', '<|end|>'])
    return whole({
      added_tokens: [token(vocab['<|start|>'], '<|start|>'), token(vocab['<|end|>'], '<|end|>')],
      normalizer: { type: 'NFC' },
      pre_tokenizer: { type: 'Sequence', pretokenizers: [{ type: 'ByteLevel', add_prefix_space: true, trim_offsets: false, use_regex: true }] },
      post_processor: {
        type: 'Sequence',
        processors: [{ type: 'ByteLevel', add_prefix_space: true, trim_offsets: false }, template(['<|start|>', vocab['<|start|>']], ['<|end|>', vocab['<|end|>']])],
      },
      model: { type: 'BPE', dropout: null, unk_token: null, fuse_unk: false, byte_fallback: false, ignore_merges: true, vocab, merges },
    })
  },
  // SentencePiece's BPE: the text is one word, and what is unknown is bytes, as far as there are any.
  'bpe-bytes': () => {
    const words = corpus.split(/\s+/).map(word => '▁' + word).filter(word => word.length > 1)
    const { alphabet, merges, made } = learnMerges(words, 300, '', '')
    const vocab = numbered(['<unk>', '<s>', '</s>', ...bytePieces.filter(one => !/F.>/.test(one)), '▁', ...alphabet, ...made])
    return whole({
      added_tokens: [token(0, '<unk>'), token(1, '<s>'), token(2, '</s>')],
      normalizer: {
        type: 'Sequence',
        normalizers: [{ type: 'Prepend', prepend: '▁' }, { type: 'Replace', pattern: { String: ' ' }, content: '▁' }, { type: 'NFKC' }],
      },
      pre_tokenizer: null,
      post_processor: template(['<s>', 1], ['</s>', 2]),
      model: { type: 'BPE', unk_token: '<unk>', fuse_unk: true, byte_fallback: true, vocab, merges },
    })
  },
  // A mark on what goes on and one on what ends a word.
  'bpe-marked': () => {
    const words = corpus.normalize('NFD').toLowerCase().split(/\s+/).filter(word => word)
    const { alphabet, merges, made } = learnMerges(words, 300, '@@', '</w>')
    const vocab = numbered(['<unk>', '<s>', '</s>', '<pad>', ...alphabet, ...made])
    return whole({
      added_tokens: [token(0, '<unk>'), token(1, '<s>'), token(2, '</s>'), token(3, '<pad>')],
      normalizer: { type: 'Sequence', normalizers: [{ type: 'NFD' }, { type: 'Lowercase' }] },
      pre_tokenizer: { type: 'WhitespaceSplit' },
      post_processor: { type: 'BertProcessing', sep: ['</s>', 2], cls: ['<s>', 1] },
      model: {
        type: 'BPE', unk_token: '<unk>', continuing_subword_prefix: '@@', end_of_word_suffix: '</w>', fuse_unk: false, byte_fallback: false,
        vocab, merges: ['#version: 0.2', ...merges.map(pair => pair.join(' '))],
      },
    })
  },
}

// ---- texts: some written for what they have, the others thrown together of the same stuff
const written = [
  '', ' ', '\n', '\t', '   ', 'a', ' a', 'a ', '  a  b  ', 'Hola mundo', 'Hola  mundo.\n\nAdiós.\tFin', '\r\n', 'uno\r\ndos\rtres',
  '¿Dónde está el informe de la señora Ñúñez? ¡Aquí!', 'El pingüino Wenceslao hizo kilómetros bajo exhaustiva lluvia y frío.',
  "I'm sure they've said we'll see, don't you'd? it's John's 'sabado' '' 'S", 'The quick brown fox jumps over the lazy dog 1234567890 times.',
  'e\u0301 n\u0303 a\u0308\u0323 e\u0301\u0302\u0303 \u0301', 'cafe\u0301 café CAFÉ', 'ﬁn de ﬂor ﬁ\u0301 ﬀ\u0301', '①②③ ½ ¼ ™ ℃ Ⅷ ㍿ ﷺ', 'Ｆｕｌｌ ｗｉｄｔｈ　～〜',
  '日本語のテキスト、中文文本。한국어 텍스트 한', 'ｶﾞｷﾞ が か\u3099', '😀 👨‍👩‍👧‍👦 🏳️‍🌈 👍🏽 🇪🇸🇲🇽 ❤️ 1️⃣', 'नमस्ते दुनिया क्षि', 'สวัสดีชาวโลก', 'שלום עולם', 'مرحبا بالعالم ﻻ',
  'Ελληνικά ΟΔΥΣΣΕΥΣ ς', 'Русский текст ёЁ', 'İstanbul ıI ǅ ẞß', 'a\u00A0b\u2003c\u2028d\u3000e\u200Bf\u200Dg\uFEFFh\u00ADi', '\u0000\u0001\u0007\u001F\u007F\u0085x',
  '<s> hola </s>', '<mask>', 'hola <mask> mundo', 'hola   <mask>   mundo<mask><mask>', '<unk><pad>a<pad>', '</s></s>', '<s', 'mark MaRk MARK MáRk', '<|start|>x<|end|>',
  '▁▁ ▁a▁ _', '<0x41> <0xFF>', '``quoted``', '...…... --- ___ ***', 'x'.repeat(300), 'ab'.repeat(150), ' '.repeat(100), '\n'.repeat(50), '😀'.repeat(40), 'e\u0301'.repeat(60),
  '\u0301'.repeat(80), 'https://example.org/ruta?consulta=1&otra=dos#ancla', 'func(a, b) => { return a[b]++; } // ñ', '\uFFFD \uFFFE \uFFFF \u{10FFFF} \u{1D400}\u{1D401}, \u{20000}',
  '\u0600a \u0600\u0301 \u0903', 'Informe', 'pájaros Informe', corpus.slice(0, 400), corpus.slice(-300),
]
const stuff = ['a', 'e', 'o', 's', 'n', 'r', 'l', 'd', 't', 'A', 'E', 'ab', 'la ', 'el ', 'que ', 'ción', 'Informe ', ' ', ' ', '  ', '\t', '\n', '\r\n', '\r', '.', ',', "'", "'s", "'re", '!', '1', '23',
  'á', 'é', 'í', 'ñ', 'ü', 'Ó', 'e\u0301', 'n\u0303', '\u0301', '\u0323', '\u0308', '中', '文', '日本', '한', '\u1112\u1161\u11AB', 'ｶ', 'ﾞ', '\u3099', '😀', '👍🏽', '\u200D', '\uFE0F', '🇪🇸', 'ﬁ', '…', '½', 'ﷺ',
  'İ', 'Σ', 'ς', 'ß', '\u00A0', '\u3000', '\u200B', '\u00AD', '\u0000', '\u0085', '\u2028', '\uFFFD', 'क', '\u094D', 'ि', 'ส', 'ำ', 'ש', '\u05B8', 'م', '\u0600', 'Ж', '<s>', '<mask>', '</s>', '▁', 'mark', '\u{1D400}',
  '＃', 'Å', '\u212B', '\u0344', '\u0F73', '``']
let seed = 20261123
const next = below => {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0
  return Math.floor(seed / 4294967296 * below)
}
const thrown = Array.from({ length: randomTexts }, () => Array.from({ length: 1 + next(20) }, () => stuff[next(stuff.length)]).join(''))
const texts = [...written, ...thrown]

async function main() {
  fs.writeFileSync(path.join(target, 'texts.json'), JSON.stringify(texts, null, 1) + '\n')
  for (const [name, make] of Object.entries(tokenizers)) {
    const json = JSON.stringify(make())
    fs.writeFileSync(path.join(target, name + '.json'), json + '\n')
    const tokenizer = Tokenizer.fromString(json)
    const ids = []
    for (const text of texts) ids.push((await tokenizer.encode(text, null, { addSpecialTokens: true })).getIds())
    fs.writeFileSync(path.join(target, name + '.ids.json'), '[\n' + ids.map(one => JSON.stringify(one)).join(',\n') + '\n]\n')
    console.log(name, ids.reduce((sum, one) => sum + one.length, 0))
  }
}

main()
