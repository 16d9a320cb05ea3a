export { type SourceFile, readSources, usualFolders } from './files.ts'
export { type FileFix, fixFiles } from './fix.ts'
export { RULES, type RuleName } from './rules.ts'
export { type CodeFinding, type ScanOptions, scanFiles } from './scan.ts'
