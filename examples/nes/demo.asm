; A demonstration for the NES (iNES mapper 0: 16 KB of program, 8 KB of pictures).
;
; An egg that the joypad moves: left, right, up, down; A changes its color, B puts it back. A chick bounces off the walls by
; itself. Written for this repository; https://www.nesdev.org/wiki documents the registers.

PPUCTRL   = $2000
PPUMASK   = $2001
PPUSTATUS = $2002
OAMADDR   = $2003
PPUSCROLL = $2005
PPUADDR   = $2006
PPUDATA   = $2007
OAMDMA    = $4014
JOYPAD    = $4016

LEFT_WALL   = 16
RIGHT_WALL  = 224
TOP_WALL    = 31
BOTTOM_WALL = 207

pad      = $10          ; one bit a button: A B select start up down left right
egg_x    = $11
egg_y    = $12
chick_x  = $13
chick_y  = $14
chick_dx = $15
chick_dy = $16
shell    = $17          ; the color of the egg
counter  = $18
row      = $19

SPRITES   = $0200       ; copied to the picture processor once a frame

          .org $c000
reset:    sei
          cld
          ldx #$40
          stx $4017     ; no interrupts from the sound processor
          ldx #$ff
          txs
          inx
          stx PPUCTRL
          stx PPUMASK
          stx $4010
          bit PPUSTATUS
wait1:    bit PPUSTATUS
          bpl wait1
          txa
clear:    sta $00,x
          sta $0300,x
          inx
          bne clear
          lda #$ff      ; sprites off the screen
hide:     sta SPRITES,x
          inx
          bne hide
wait2:    bit PPUSTATUS
          bpl wait2

          lda #>$3f00   ; the colors
          sta PPUADDR
          lda #<$3f00
          sta PPUADDR
          ldx #0
colors:   lda palette,x
          sta PPUDATA
          inx
          cpx #32
          bne colors

          lda #>$2000   ; the background: 30 rows of 32 tiles
          sta PPUADDR
          lda #<$2000
          sta PPUADDR
          lda #0
          sta row
rows:     ldx #0
columns:  jsr tile
          sta PPUDATA
          inx
          cpx #32
          bne columns
          inc row
          lda row
          cmp #30
          bne rows
          ldx #64       ; attributes: all of the first palette
          lda #0
plain:    sta PPUDATA
          dex
          bne plain

          lda #>$204d   ; "EGGOS" on the wall, in the middle of the third row
          sta PPUADDR
          lda #<$204d
          sta PPUADDR
          ldx #0
title:    lda name,x
          beq titled
          sta PPUDATA
          inx
          bne title
titled:
          lda #120
          sta egg_x
          lda #110
          sta egg_y
          lda #60
          sta chick_x
          sta chick_y
          lda #1
          sta chick_dx
          sta chick_dy
          lda #$30
          sta shell
          lda #0
          sta PPUSCROLL
          sta PPUSCROLL
          lda #%10000000
          sta PPUCTRL
          lda #%00011110
          sta PPUMASK
forever:  jmp forever   ; the rest happens once a picture

; The background's tile in column x of `row`: bricks at the edges, dots inside.
tile:     lda row
          cmp #4
          bcc brick
          cmp #28
          bcs brick
          cpx #2
          bcc brick
          cpx #30
          bcs brick
          txa
          and #3
          bne empty
          lda row
          and #3
          bne empty
          lda #2
          rts
brick:    lda #1
          rts
empty:    lda #0
          rts

; Once a picture, while the beam goes back.
nmi:      pha
          txa
          pha
          lda #0
          sta OAMADDR
          lda #>SPRITES
          sta OAMDMA
          lda #>$3f11   ; the egg's color
          sta PPUADDR
          lda #<$3f11
          sta PPUADDR
          lda shell
          sta PPUDATA
          lda #0
          sta PPUSCROLL
          sta PPUSCROLL
          lda #%10000000
          sta PPUCTRL
          inc counter
          jsr read_pad
          jsr move_egg
          jsr move_chick
          jsr draw
          pla
          tax
          pla
irq:      rti

read_pad: lda #1
          sta JOYPAD
          lda #0
          sta JOYPAD
          ldx #8
bits:     lda JOYPAD
          lsr a
          rol pad
          dex
          bne bits
          rts

move_egg: lda pad
          and #%00000001
          beq not_right
          lda egg_x
          cmp #RIGHT_WALL
          bcs not_right
          inc egg_x
          inc egg_x
not_right:lda pad
          and #%00000010
          beq not_left
          lda egg_x
          cmp #LEFT_WALL+1
          bcc not_left
          dec egg_x
          dec egg_x
not_left: lda pad
          and #%00000100
          beq not_down
          lda egg_y
          cmp #BOTTOM_WALL
          bcs not_down
          inc egg_y
          inc egg_y
not_down: lda pad
          and #%00001000
          beq not_up
          lda egg_y
          cmp #TOP_WALL+1
          bcc not_up
          dec egg_y
          dec egg_y
not_up:   lda pad
          bpl not_a     ; A is the highest bit
          lda #$16
          sta shell
not_a:    lda pad
          and #%01000000
          beq not_b
          lda #$30
          sta shell
not_b:    rts

move_chick:
          lda chick_x
          clc
          adc chick_dx
          sta chick_x
          cmp #LEFT_WALL
          beq turn_x
          cmp #RIGHT_WALL
          bne straight_x
turn_x:   lda #0
          sec
          sbc chick_dx
          sta chick_dx
straight_x:
          lda chick_y
          clc
          adc chick_dy
          sta chick_y
          cmp #TOP_WALL
          beq turn_y
          cmp #BOTTOM_WALL
          bne straight_y
turn_y:   lda #0
          sec
          sbc chick_dy
          sta chick_dy
straight_y:
          rts

; Four sprites for the egg, one for the chick: y, tile, attributes, x.
draw:     ldx #0
quarters: lda egg_y
          clc
          adc offsets_y,x
          pha
          txa
          asl a
          asl a
          tay
          pla
          sta SPRITES,y
          txa
          clc
          adc #16
          sta SPRITES+1,y
          lda #0
          sta SPRITES+2,y
          lda egg_x
          clc
          adc offsets_x,x
          sta SPRITES+3,y
          inx
          cpx #4
          bne quarters
          lda chick_y
          sta SPRITES+16
          lda counter   ; it flaps its wings
          lsr a
          lsr a
          lsr a
          and #1
          clc
          adc #20
          sta SPRITES+17
          lda #1
          sta SPRITES+18
          lda chick_x
          sta SPRITES+19
          rts

offsets_x: .byte 0, 8, 0, 8
offsets_y: .byte 0, 0, 8, 8
name:      .byte 3, 4, 4, 5, 6, 0
palette:   .byte $0f, $07, $17, $30,  $0f, $07, $17, $30,  $0f, $07, $17, $30,  $0f, $07, $17, $30
           .byte $0f, $30, $10, $27,  $0f, $28, $27, $16,  $0f, $30, $10, $27,  $0f, $30, $10, $27

          .org $fffa
          .word nmi, reset, irq

; Pictures: tiles of 8 by 8, eight bytes for the low bit of each pixel, eight for the high one. $10000 is where they stand in
; the file, behind the program.
          .org $10000
          .fill 16, 0                                                     ; 0: nothing
          .byte $ff, $80, $80, $80, $ff, $08, $08, $08                    ; 1: bricks
          .byte $00, $7f, $7f, $7f, $00, $f7, $f7, $f7
          .byte $00, $00, $00, $18, $18, $00, $00, $00                    ; 2: a dot
          .fill 8, 0
          .byte %01111110, %01100000, %01100000, %01111100, %01100000, %01100000, %01111110, 0      ; 3: E
          .byte %01111110, %01100000, %01100000, %01111100, %01100000, %01100000, %01111110, 0
          .byte %00111100, %01100110, %01100000, %01101110, %01100110, %01100110, %00111100, 0      ; 4: G
          .byte %00111100, %01100110, %01100000, %01101110, %01100110, %01100110, %00111100, 0
          .byte %00111100, %01100110, %01100110, %01100110, %01100110, %01100110, %00111100, 0      ; 5: O
          .byte %00111100, %01100110, %01100110, %01100110, %01100110, %01100110, %00111100, 0
          .byte %00111110, %01100000, %01100000, %00111100, %00000110, %00000110, %01111100, 0      ; 6: S
          .byte %00111110, %01100000, %01100000, %00111100, %00000110, %00000110, %01111100, 0
          .org $10100
          .byte %00000011, %00001111, %00011111, %00111111, %00111111, %01111111, %01111111, %01111111  ; 16: the egg
          .fill 8, 0
          .byte %11000000, %11110000, %11111000, %11111100, %11111100, %11111110, %11111110, %11111110  ; 17
          .byte %00000000, %00000000, %00110000, %00111000, %00011000, %00001100, %00001100, %00000100
          .byte %11111111, %11111111, %11111111, %11111111, %01111111, %01111111, %00011111, %00000111  ; 18
          .byte %00000000, %00000000, %00000000, %00000000, %01000000, %01100000, %00011100, %00000111
          .byte %11111111, %11111111, %11111111, %11111111, %11111110, %11111110, %11111000, %11100000  ; 19
          .byte %00000001, %00000001, %00000011, %00000011, %00000110, %00011110, %01111000, %11100000
          .byte %00011100, %00111110, %00111010, %00111111, %01111110, %11111110, %01111100, %00010100  ; 20: the chick
          .byte %00000000, %00000000, %00000100, %00000001, %00000000, %01100000, %00000000, %00010100
          .byte %00011100, %00111110, %00111010, %10111111, %11111110, %01111110, %00111100, %00101000  ; 21: its wings up
          .byte %00000000, %00000000, %00000100, %00000001, %11000000, %00000000, %00000000, %00101000
