// How .proto files are coloured.
import type { StreamParser } from '@codemirror/language';

const KEYWORDS = new Set('syntax edition package import public weak option message enum service rpc returns stream oneof map extend extensions reserved to max optional required repeated group export local'.split(' '));
const TYPES = new Set('double float int32 int64 uint32 uint64 sint32 sint64 fixed32 fixed64 sfixed32 sfixed64 bool string bytes'.split(' '));

export const protobuf: StreamParser<{ inComment: boolean }> = {
  name: 'protobuf',
  startState: () => ({ inComment: false }),
  token(stream, state) {
    if (state.inComment || stream.match('/*')) {
      state.inComment = !stream.skipTo('*/') ? (stream.skipToEnd(), true) : (stream.match('*/'), false);
      return 'comment';
    }
    if (stream.eatSpace()) return null;
    if (stream.match('//')) { stream.skipToEnd(); return 'comment'; }
    const quote = stream.peek();
    if (quote === '"' || quote === "'") {
      stream.next();
      for (let c = stream.next(); c != null && c !== quote; c = stream.next()) if (c === '\\') stream.next();
      return 'string';
    }
    if (stream.match(/^-?(0x[\da-f]+|\d+(\.\d+)?(e[+-]?\d+)?)/i)) return 'number';
    const word = stream.match(/^[A-Za-z_][\w.]*/) as RegExpMatchArray | null;
    if (word) {
      const text = word[0];
      if (KEYWORDS.has(text)) return 'keyword';
      if (TYPES.has(text)) return 'typeName';
      if (text === 'true' || text === 'false') return 'bool';
      return /^[A-Z]/.test(text) ? 'typeName' : 'propertyName';
    }
    stream.next();
    return null;
  },
  languageData: { commentTokens: { line: '//', block: { open: '/*', close: '*/' } } },
};
