// Django loads XRegExp, 46 KB, for slugs made of titles in any alphabet. The console has none.
