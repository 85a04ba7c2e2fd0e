// @ts-check
// Loaded before a compiled command (node --import): what that prints is in the reader's language, where there is one such.
import { speakReadersLanguage } from './terminal.mjs';

speakReadersLanguage();
