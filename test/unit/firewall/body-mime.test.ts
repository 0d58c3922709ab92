import { expect, test } from "vitest";
import { sniffMediaType } from "../../../src/firewall/body-mime.ts";
import { bytesOfText } from "../../../src/expression/bytes.ts";

test.each([
  ["\x89PNG\r\n\x1a\n\0", "image/png"],
  ["\xff\xd8\xff\xe0\0", "image/jpeg"],
  ["GIF89a\x01", "image/gif"],
  ["RIFF\x10\0\0\0WEBPVP8 ", "image/webp"],
  ["RIFF\x10\0\0\0WAVEfmt ", "audio/wav"],
  ["\0\0\0\x20ftypavif", "image/avif"],
  ["\0\0\0\x20ftypisom", "video/mp4"],
  ["%PDF-1.7", "application/pdf"],
  ["PK\x03\x04\x14", "application/zip"],
  ["MZ\x90\0", "application/vnd.microsoft.portable-executable"],
  ["\x7fELF\x02", "application/x-elf"],
  [`${"\0".repeat(257)}ustar`, "application/x-tar"],
  ["BM\x10\0", "image/bmp"],
  ["<!DOCTYPE html><p>", "text/html"],
  ["  \n<script>", "text/html"],
  ['<?xml version="1.0"?><a/>', "text/xml"],
  ['<?xml version="1.0"?><svg xmlns="x"/>', "image/svg+xml"],
  ["<svg onload=x>", "image/svg+xml"],
  ['{"a":1}', "application/json"],
  ["#!/bin/sh\n", "text/x-shellscript"],
  ["a=1&b=2", "text/plain"],
  [bytesOfText("Größe"), "text/plain"],
  ["<?php system('id');", "text/x-php"],
  ["\xff\xfe\0\x01", undefined],
  ["a\0b", undefined],
  ["", undefined],
])("%j is %j", (bytes, type) => {
  expect(sniffMediaType(bytes)).toBe(type);
});

test("a long text whose look ends within a character is text", () => {
  expect(sniffMediaType(bytesOfText(`x${"é".repeat(1000)}`))).toBe("text/plain");
});
